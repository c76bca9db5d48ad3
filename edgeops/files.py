"""Atomic file writes: whatever happens, a file has its old or its new content, never part of it.

Content is written to a hidden file next to its target until it is complete. A symbolic link at the
target is replaced, never followed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Disk:
    """The system calls that bring bytes to the disk."""

    write: Callable[[int, memoryview], int] = os.write
    sync: Callable[[int], None] = os.fsync


DISK = Disk()
CACHE = Disk(sync=lambda _handle: None)  # survives a crash of the process, not of the machine


def write_whole(path: Path, content: bytes | memoryview) -> None:
    """Create or replace a file, and create its folder. Raises `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_blocks(path, [content])


def write_private(path: Path, content: bytes, *, first_wins: bool = False) -> None:
    """Write a file that only its owner can read. Raises `OSError`, as `write_blocks` does."""
    write_blocks(path, [content], mode=0o600, first_wins=first_wins, disk=CACHE)


def write_blocks(
    path: Path,
    blocks: Iterable[bytes | memoryview],
    *,
    mode: int = 0o666,
    first_wins: bool = False,
    sole_writer: bool = False,
    disk: Disk = DISK,
) -> os.stat_result:
    """Create or replace a file with these blocks, in an existing folder; returns its status.

    The umask applies to `mode`; `sole_writer` as in `beside`. The new name survives power loss
    after `sync_folder`. Raises `OSError`, `FileExistsError` where `first_wins` and the file already
    exists, and what `blocks` raises.
    """
    with beside(path, sole_writer=sole_writer) as part:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            put(handle, blocks, disk)
            status = os.fstat(handle)
        finally:
            os.close(handle)
        if first_wins:
            path.hardlink_to(part)  # unlike a rename, it never replaces an existing file
        else:
            part.replace(path)
    return status


def put(handle: int, blocks: Iterable[bytes | memoryview], disk: Disk = DISK) -> None:
    """Write all blocks to an open file and flush them to the disk. Raises `OSError`."""
    for block in blocks:
        unwritten = memoryview(block)
        while unwritten:  # a disk that fills up takes a part, and fails only the next time
            unwritten = unwritten[disk.write(handle, unwritten) :]
    disk.sync(handle)


@contextmanager
def beside(path: Path, *, sole_writer: bool = False) -> Iterator[Path]:
    """A path next to a file, to write its replacement to; removed at the end unless renamed.

    The sole writer of a file always uses the same path, so that a device that often loses power
    keeps at most one unfinished file. Raises `OSError`.
    """
    part = path.with_name(f".{path.name if sole_writer else os.urandom(8).hex()}.part")
    part.unlink(missing_ok=True)  # left by a killed process, or a link that leads elsewhere
    try:
        yield part
    finally:
        with suppress(OSError):  # must not replace an error that was raised already
            part.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make new names in a folder survive power loss. Raises `OSError`."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
