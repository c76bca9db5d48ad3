"""Bytes on disk: all of them, or none when the disk does not take them."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Disk:
    """The calls by which bytes get to the disk: `os.write` and `os.fsync`."""

    write: Callable[[int, memoryview], int] = os.write
    sync: Callable[[int], None] = os.fsync


DISK = Disk()


@dataclass(frozen=True, slots=True)
class FileState:
    """Which file it is, and its size in bytes."""

    device: int
    inode: int
    size: int

    def is_longer_than(self, other: FileState) -> bool:
        """Whether it is the same file, with more in it."""
        same = (self.device, self.inode) == (other.device, other.inode)
        return same and self.size > other.size


NOTHING = FileState(0, 0, 0)


def append(path: Path, blocks: Iterable[bytes], disk: Disk = DISK) -> tuple[FileState, FileState]:
    """Write behind what a file holds; gives its state before and after.

    The blocks are on disk when this returns. Raises `OSError`; the file then
    is as it was, so far as the disk lets us cut off what came of the blocks.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        before = _state(os.fstat(handle))
        try:
            _put(handle, blocks, disk)
            if not before.size:
                sync_folder(path.parent)  # the file may be new
        except OSError:
            # Also after a failed fsync: a second one would say that all is well when it is not.
            with suppress(OSError):
                os.ftruncate(handle, before.size)
            raise
        after = _state(os.fstat(handle))
    finally:
        os.close(handle)
    return before, after


def replace(path: Path, blocks: Iterable[bytes], disk: Disk = DISK) -> FileState:
    """Let a file hold these blocks alone; gives its state.

    It is the old or the new one, also after power loss. Raises `OSError`, and
    leaves nothing behind that takes room.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    try:
        part.unlink(missing_ok=True)  # of a process that was killed; or a link that leads elsewhere
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        try:
            _put(handle, blocks, disk)
            state = _state(os.fstat(handle))
        finally:
            os.close(handle)
        part.replace(path)
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
    return state


def sync_folder(folder: Path) -> None:
    """Make renames in a folder survive power loss. Raises `OSError`."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def state_of(path: Path) -> FileState:
    """The state of a file, `NOTHING` when there is none or it is empty. Raises `OSError`."""
    try:
        return _state(path.stat())
    except (FileNotFoundError, NotADirectoryError):
        return NOTHING


def _state(status: os.stat_result) -> FileState:
    if stat.S_ISREG(status.st_mode) and not status.st_size:
        return NOTHING
    return FileState(status.st_dev, status.st_ino, status.st_size)


def _put(handle: int, blocks: Iterable[bytes], disk: Disk) -> None:
    for block in blocks:
        rest = memoryview(block)
        while rest:  # a disk that fills up takes a part, and says so only the next time
            rest = rest[disk.write(handle, rest) :]
    disk.sync(handle)
