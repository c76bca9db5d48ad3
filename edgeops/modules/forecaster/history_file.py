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

from edgeops.files import DISK, Disk
from edgeops.modules.forecaster.observations import Observation
from edgeops.modules.runtime.disk import NOTHING, FileState, append, replace, state_of

_MAX_LINE = 4096  # a record has less than a quarter of it; only junk comes in pieces
_BLOCK = 64 * 1024


class HistoryFile:
    """The observations of one device in one file.

    All methods raise `OSError` when the storage cannot be used.
    """

    def __init__(self, path: Path, disk: Disk = DISK) -> None:
        self.path = path
        self._disk = disk
        self._left: FileState | None = None  # as we left it; None until it has been read

    def as_left(self) -> bool:
        """Whether the file holds what was read and written here, and nothing else.

        It does not when it has gone away, when others have put another one in
        its place, and when what a full disk took of a record could not be cut off.
        """
        return state_of(self.path) == self._left

    def others_wrote(self) -> bool:
        """Whether it is the file that was left, with more in it since."""
        return self._left is not None and state_of(self.path).is_longer_than(self._left)

    def read(self) -> Iterator[Observation]:
        """Every observation that can be read, in the order it was written; none without a file."""
        self._left = None
        left = state_of(self.path)
        if left == NOTHING:
            self._left = left
            return
        size = 0
        with self.path.open("rb") as file:
            while line := file.readline(_MAX_LINE):
                size += len(line)
                yield from _parsed(line)
        self._left = FileState(left.device, left.inode, size)

    def append(self, observations: Iterable[Observation]) -> None:
        """Write observations behind the others; they are on disk when this returns.

        When this raises, none of them is.
        """
        before, after = append(self.path, _blocks(observations), self._disk)
        self._left = after if before == self._left else None

    def replace(self, observations: Iterable[Observation]) -> None:
        """Write these observations instead of all others; the file is the old or the new one."""
        self._left = replace(self.path, _blocks(observations), self._disk)


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
