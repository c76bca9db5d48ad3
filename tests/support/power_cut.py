"""Cuts the power at the n-th step on the disk, within this process; no step is done after it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PIECE = "test.piece"  # between two pieces of a download
STEPS = {
    *("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.utime"),
    *("os.scandir", "os.truncate", "shutil.rmtree", PIECE),
}


class PowerCutError(BaseException):
    """No handler of the program may catch it, as none can catch a power cut."""


@dataclass
class _Cut:
    folder: str
    left: int
    thread: int = field(default_factory=threading.get_ident)


_active: list[_Cut] = []


def _hook(event: str, args: tuple[object, ...]) -> None:
    if event not in STEPS or not _active or _active[-1].thread != threading.get_ident():
        return
    path, cut = str(args[0]), _active[-1]
    if path.startswith(cut.folder) or not path.startswith("/"):  # relative: below an open folder
        cut.left -= 1
        if cut.left <= 0:
            raise PowerCutError


sys.addaudithook(_hook)


@contextmanager
def power_cut(folder: Path, at: int) -> Iterator[list[bool]]:
    """Cut the power at this step in the folder (0: never); the list then holds something."""
    was_cut: list[bool] = []
    _active.append(_Cut(str(folder), at or sys.maxsize))
    try:
        yield was_cut
    except PowerCutError:
        was_cut.append(True)
    finally:
        _active.pop()


@dataclass
class Store:
    """A downloader on a dictionary of URLs; `fetched` are the URLs and bytes that were taken."""

    contents: Mapping[str, bytes]
    fetched: list[tuple[str, int]] = field(default_factory=list)

    def fetch(self, file: Any, part: Any, access: Any, cancellation: Any) -> Any:
        if part.size > file.size:
            part.restart()
        rest = self.contents[file.url][part.size :]
        self.fetched.append((file.url, len(rest)))
        for piece in (rest[: len(rest) // 2], rest[len(rest) // 2 :]):
            sys.audit(PIECE, ".")
            part.append(piece)
        digest = part.finish()
        assert file.matches(digest)
        return digest
