"""The history on disk: a file that only grows, and survives power loss at any byte.

Every record begins with a newline, so that a record which was cut off never
spoils the one after it; what cannot be read is skipped.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from edgeops.modules.forecaster.disk import DISK, Disk, append, replace
from edgeops.modules.forecaster.observations import Observation

_MAX_LINE = 4096  # a record has less than a quarter of it; only junk comes in pieces
_BLOCK = 64 * 1024


class HistoryFile:
    """The observations of one device in one file.

    All methods but `as_left` raise `OSError` when the storage cannot be used.
    """

    def __init__(self, path: Path, disk: Disk = DISK) -> None:
        self.path = path
        self._disk = disk
        self._size: int | None = None  # as we left it; None until all of it has been read

    def as_left(self) -> bool:
        """Whether the file holds what was read and written here, and nothing else.

        It does not when it has gone away, when others have put another one in
        its place, and when what a full disk took of a record could not be cut off.
        """
        try:
            size = self.path.stat().st_size
        except (FileNotFoundError, NotADirectoryError):
            size = 0
        except OSError:
            return False
        return size == self._size

    def read(self) -> Iterator[Observation]:
        """Every observation that can be read, in the order it was written; none without a file."""
        self._size = None
        size = 0
        try:
            file = self.path.open("rb")
        except (FileNotFoundError, NotADirectoryError):
            self._size = 0
            return
        with file:
            while line := file.readline(_MAX_LINE):
                size += len(line)
                yield from _parsed(line)
        self._size = size

    def append(self, observations: Iterable[Observation]) -> None:
        """Write observations behind the others; they are on disk when this returns.

        When this raises, none of them is.
        """
        before, after = append(self.path, _blocks(observations), self._disk)
        self._size = after if before == self._size else None

    def replace(self, observations: Iterable[Observation]) -> None:
        """Write these observations instead of all others; the file is the old or the new one."""
        self._size = replace(self.path, _blocks(observations), self._disk)


def _blocks(observations: Iterable[Observation]) -> Iterator[bytes]:
    block = bytearray()
    for one in observations:
        block += b"\n" + json.dumps([one.at, one.name, one.value], separators=(",", ":")).encode()
        if len(block) >= _BLOCK:
            yield bytes(block)
            block.clear()
    if block:
        yield bytes(block)


def _parsed(line: bytes) -> Iterator[Observation]:
    try:
        value: Any = json.loads(line)
    except (ValueError, RecursionError):
        return
    match value:
        case [int(at), str(name), float(number)] if math.isfinite(number):
            yield Observation(at, name, number)
