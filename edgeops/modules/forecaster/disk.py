"""Bytes on disk: all of them, or none when the disk does not take them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from edgeops.modules.slots import sync_folder


@dataclass(frozen=True, slots=True)
class Disk:
    """The calls by which bytes get to the disk: `os.write` and `os.fsync`."""

    write: Callable[[int, memoryview], int] = os.write
    sync: Callable[[int], None] = os.fsync


DISK = Disk()


def append(path: Path, blocks: Iterable[bytes], disk: Disk = DISK) -> tuple[int, int]:
    """Write behind what a file holds; gives its size before and after.

    The blocks are on disk when this returns. Raises `OSError`; the file then
    is as it was, so far as the disk lets us cut off what came of the blocks.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        before = os.fstat(handle).st_size
        try:
            after = before + _put(handle, blocks, disk)
            if not before:
                sync_folder(path.parent)  # the file may be new
        except OSError:
            # Also after a failed fsync: a second one would say that all is well when it is not.
            with suppress(OSError):
                os.ftruncate(handle, before)
            raise
    finally:
        os.close(handle)
    return before, after


def replace(path: Path, blocks: Iterable[bytes], disk: Disk = DISK) -> int:
    """Let a file hold these blocks alone; gives its size.

    It is the old or the new one, also after power loss. Raises `OSError`, and
    leaves nothing behind that takes room.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        try:
            size = _put(handle, blocks, disk)
        finally:
            os.close(handle)
        part.replace(path)
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
    return size


def _put(handle: int, blocks: Iterable[bytes], disk: Disk) -> int:
    size = 0
    for block in blocks:
        size += len(block)
        rest = memoryview(block)
        while rest:  # a disk that fills up takes a part, and says so only the next time
            rest = rest[disk.write(handle, rest) :]
    disk.sync(handle)
    return size
