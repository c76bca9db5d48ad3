"""The files that an ONNX model needs beside itself: large weights are often in files of their own.

A walk through the protobuf fields that can hold tensors, without the package onnx.
Source: onnx.proto, "TensorProto.external_data" (onnx.ai/onnx/repo-docs/ExternalData.html).
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path

from edgeops.plain_file import open_plain

# The fields of each message that lead to tensors: number of the field, and what it holds.
_BELOW = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {13: "external"},
}
_DEEPEST = 64  # levels of graphs within graphs
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class _NotProtobuf(Exception):
    pass


def weights_of(path: Path) -> frozenset[str]:
    """The names of the files with weights of an ONNX file, relative to its folder.

    Empty for what is not an ONNX file: the device tells why it cannot load it. Raises `OSError`.
    """
    with open_plain(path.parent, path.name) as file:
        try:
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return frozenset(_locations(data, 0, len(data), "model", 0))
        except (_NotProtobuf, ValueError):  # mmap: an empty file
            return frozenset()


def _locations(data: mmap.mmap, start: int, end: int, message: str, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        raise _NotProtobuf
    if message == "external":
        entry = {field: data[first:last] for field, first, last in _fields(data, start, end)}
        if entry.get(1) == b"location":
            yield entry.get(2, b"").decode("utf-8", "replace")
        return
    for field, first, last in _fields(data, start, end):
        if below := _BELOW[message].get(field):
            yield from _locations(data, first, last, below, depth + 1)


def _fields(data: mmap.mmap, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """The number, start and end of each field with a length."""
    while at < end:
        key, at = _varint(data, at, end)
        kind = key & 7
        if kind == _VARINT:
            _, at = _varint(data, at, end)
        elif kind == _BYTES:
            length, at = _varint(data, at, end)
            if length > end - at:
                raise _NotProtobuf
            yield key >> 3, at, at + length
            at += length
        elif kind in (_FIXED32, _FIXED64):
            at += 4 if kind == _FIXED32 else 8
        else:
            raise _NotProtobuf
    if at != end:
        raise _NotProtobuf


def _varint(data: mmap.mmap, at: int, end: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= end:
            raise _NotProtobuf
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
    raise _NotProtobuf
