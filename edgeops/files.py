"""Files that are the old or the new one, never a part of it, whatever happens meanwhile.

What is written stands beside its place under a hidden name until it is complete. A link that
stands in the place is replaced, never followed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Disk:
    """The calls by which bytes get to the disk: `os.write` and `os.fsync`."""

    write: Callable[[int, memoryview], int] = os.write
    sync: Callable[[int], None] = os.fsync


DISK = Disk()
CACHE = Disk(sync=lambda _handle: None)  # survives the process, not the machine: costs no fsync


def write_whole(path: Path, content: bytes | memoryview) -> None:
    """Write a file in place of an earlier one, and its folder. Raises `OSError`."""
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
    """Let a file hold these blocks alone; gives its status. Its folder is there.

    `mode` is what the umask may leave; `sole_writer` as in `beside`. Its name survives power loss
    after `sync_folder`. Raises `OSError`, `FileExistsError` where the first writer wins and this
    is not the first, and what `blocks` raises.
    """
    with beside(path, sole_writer=sole_writer) as part:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            put(handle, blocks, disk)
            status = os.fstat(handle)
        finally:
            os.close(handle)
        if first_wins:
            path.hardlink_to(part)  # unlike a rename it never replaces what is there
        else:
            part.replace(path)
    return status


def put(handle: int, blocks: Iterable[bytes | memoryview], disk: Disk = DISK) -> None:
    """Write all blocks to an open file and bring them to the disk. Raises `OSError`."""
    for block in blocks:
        rest = memoryview(block)
        while rest:  # a disk that fills up takes a part, and says so only the next time
            rest = rest[disk.write(handle, rest) :]
    disk.sync(handle)


@contextmanager
def beside(path: Path, *, sole_writer: bool = False) -> Iterator[Path]:
    """Where to write what is to take the place of a file; gone afterwards, if not renamed.

    The only writer of a file always uses the same name, so that a device which often loses its
    power keeps one unfinished file at most. Raises `OSError`.
    """
    part = path.with_name(f".{path.name if sole_writer else os.urandom(8).hex()}.part")
    part.unlink(missing_ok=True)  # of a process that was killed; or a link that leads elsewhere
    try:
        yield part
    finally:
        with suppress(OSError):  # says less than what may have been raised already
            part.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make new names in a folder survive power loss. Raises `OSError`."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
