"""A file lock that lets one hub use a state directory; it is released when the process ends."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgeops.translate import doing


@contextmanager
def held(path: Path) -> Iterator[bool]:
    """Hold the lock during the block; gives whether it was acquired. Raises `EdgeOpsError`."""
    with doing(f"write {path}", "the local hub needs this folder for its state"):
        opened = path.open("ab")
    with opened as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def is_held(path: Path) -> bool:
    """Whether a process holds the lock now."""
    if not path.exists():
        return False
    with path.open("rb") as file:
        try:
            # Shared, so that two processes that check do not see each other's lock.
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
