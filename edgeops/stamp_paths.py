"""The paths that a stamp owns, as a short text.

All owned paths of a twin form a tree; its text has one line for each node, indented by its depth,
and is compressed. Where even that is long, the members of large objects are listed by short hashes:
membership is all that must be known of them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from edgeops.jsonvalue import leaves, pointer

Path = tuple[str, ...]

# Far more than real paths decompress to; limits a crafted text.
_MAX_TEXT = 8 * 1024 * 1024
# Thousands of devices own the same few sets of paths: the size of the caches for these.
_CACHED = 256

# No key of a twin holds a control character.
_ENDS = "\x01"  # ends the line of a path that is also the parent of others
_HASHES = "\x02"  # begins a key that lists hashes
_HASH_CHARACTERS = 4  # of base64: of 16 million foreign members one is taken for one of ours
_MANY = 8  # members of an object from which on hashes pay
_LONG = 3000  # characters from which on large objects are hashed


def pack(paths: frozenset[Path]) -> str:
    """The paths as base64 text; `""` for none."""
    return _pack(paths) if paths else ""


@lru_cache(_CACHED)
def _pack(paths: frozenset[Path]) -> str:
    lines: list[str] = []
    above: Path = ()
    for path in sorted(paths):
        shared = _shared(above, path)
        lines += ["\t" * depth + _escaped(path[depth]) for depth in range(shared, len(path))]
        if shared == len(above) and above:  # a path that is also the parent of others
            lines[-(len(path) - shared) - 1] += _ENDS
        above = path
    text = "\n".join(lines).encode("utf-8", "surrogatepass")
    return base64.b64encode(zlib.compress(text, 9)).decode("ascii")


@lru_cache(_CACHED)
def unpack(text: str) -> frozenset[Path]:
    """The paths of a packed text; none if it is damaged."""
    unpacker = zlib.decompressobj()
    try:
        packed = base64.b64decode(text, validate=True)
        lines = unpacker.decompress(packed, _MAX_TEXT).decode("utf-8", "surrogatepass").split("\n")
    except (binascii.Error, zlib.error, ValueError):
        return frozenset()
    return _read(lines) if unpacker.eof else frozenset()


def _read(lines: Iterable[str]) -> frozenset[Path]:
    paths: set[Path] = set()
    above: Path = ()
    ends = False  # whether the line above is a path of its own, whatever follows
    for line in lines:
        key = line.lstrip("\t")
        depth = len(line) - len(key)
        if depth > len(above):
            return frozenset()
        if above and (ends or depth < len(above)):
            paths.add(above)
        ends = key.endswith(_ENDS)
        above = (*above[:depth], _unescaped(key.removesuffix(_ENDS)))
    paths.add(above)
    return frozenset(paths)


def shortened(paths: frozenset[Path]) -> frozenset[Path]:
    """The paths to own; if their text is long, each large object as one path with short hashes."""
    if len(paths) < _MANY or len(pack(paths)) <= _LONG:
        return paths
    members: dict[Path, list[Path]] = defaultdict(list)
    for path in paths:
        members[_object_of(path)].append(path)
    short: set[Path] = set()
    for parent, among in members.items():
        if len(among) < _MANY:
            short.update(among)
        else:
            short.add(_with_hashes(parent, {_hash(path[len(parent) :]) for path in among}))
    return min(frozenset(short), paths, key=lambda paths: len(pack(paths)))


def united(one: frozenset[Path], other: frozenset[Path]) -> frozenset[Path]:
    """All paths of both; hashes of one object, and what the other lists of it, become one path."""
    hashes: dict[Path, set[str]] = defaultdict(set)
    plain: set[Path] = set()
    for path in one | other:
        if is_hashes(path):
            hashes[path[:-1]].update(_split(path[-1]))
        else:
            plain.add(path)
    for path in list(plain):
        parent = _object_of(path)
        if parent in hashes:
            plain.remove(path)
            hashes[parent].add(_hash(path[len(parent) :]))
    return frozenset(plain) | {_with_hashes(parent, among) for parent, among in hashes.items()}


def resolved(paths: Iterable[Path], live: Mapping[str, Any]) -> frozenset[Path]:
    """The paths, hashes replaced by those paths in a live value that they stand for."""
    found: set[Path] = set()
    for path in paths:
        if is_hashes(path):
            *parent, hashes = path
            found.update((*parent, *member) for member in _members(live, parent, hashes))
        else:
            found.add(path)
    return frozenset(found)


def is_hashes(path: Path) -> bool:
    """Whether a path ends with hashes of others."""
    return bool(path) and path[-1].startswith(_HASHES)


def _with_hashes(parent: Path, hashes: Iterable[str]) -> Path:
    return (*parent, _HASHES + "".join(sorted(hashes)))


def _split(key: str) -> set[str]:
    return {key[at : at + _HASH_CHARACTERS] for at in range(1, len(key), _HASH_CHARACTERS)}


def _members(live: Mapping[str, Any], parent: Iterable[str], listed: str) -> Iterator[Path]:
    value: Any = live
    for key in parent:
        value = value.get(key) if isinstance(value, dict) else None
    if isinstance(value, dict):
        hashes = _split(listed)
        yield from (path for path, _ in leaves(value) if path and _hash(path) in hashes)


def _object_of(path: Path) -> Path:
    """The object whose members may be hashed: the environment of a module, else the parent."""
    if len(path) > 2 and path[-1] == "value" and path[-3] == "env":
        return path[:-2]
    return path[:-1]


def _hash(path: Path) -> str:
    digest = hashlib.sha256(pointer(*path).encode("utf-8", "surrogatepass")).digest()
    return base64.b64encode(digest).decode("ascii")[:_HASH_CHARACTERS]


def _shared(a: Path, b: Path) -> int:
    """How many keys two paths share at their start."""
    count = 0
    for one, other in zip(a, b, strict=False):
        if one != other:
            break
        count += 1
    return count


def _escaped(key: str) -> str:
    return key.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")


def _unescaped(key: str) -> str:
    if "\\" not in key:
        return key
    parts = key.split("\\\\")
    return "\\".join(part.replace("\\n", "\n").replace("\\t", "\t") for part in parts)
