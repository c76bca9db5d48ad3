"""Durable writes: all bytes are on disk, or none."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from edgeops.files import DISK, Disk, put, sync_folder, write_blocks


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
    """Append blocks to a file; gives its state before and after.

    The blocks are on disk when this returns. Raises `OSError`; the file then
    is as it was, so far as the disk lets us cut off what came of the blocks.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        before = _state(os.fstat(handle))
        try:
            put(handle, blocks, disk)
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
    """Replace the content of a file with these blocks; gives its state.

    The file is the old or the new one, also after power loss. Raises `OSError`, and
    leaves nothing behind that takes room.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    status = write_blocks(path, blocks, mode=0o644, sole_writer=True, disk=disk)
    sync_folder(path.parent)
    return _state(status)


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
