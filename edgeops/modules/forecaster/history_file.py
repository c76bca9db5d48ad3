"""The history on disk: a file that only grows, and survives power loss at any byte.

Every record begins with a newline, so that a record which was cut off never
spoils the one after it; what cannot be read is skipped.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from edgeops.modules.forecaster.observations import Observation

MAX_BYTES = 256 * 1024 * 1024


class HistoryFile:
    """The observations of one device in one file.

    All methods raise `OSError` when the storage cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Iterator[Observation]:
        """Every observation that can be read, in the order it was written; none without a file."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            for line in file.read(MAX_BYTES).split(b"\n"):
                yield from _parsed(line)

    def append(self, observations: Iterable[Observation]) -> None:
        """Write observations behind the others; they are on disk when this returns."""
        data = b"".join(map(_record, observations))
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    def replace(self, observations: Iterable[Observation]) -> None:
        """Write these observations instead of all others; the file is the old or the new one."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_name(self.path.name + ".part")
        with part.open("wb") as file:
            file.write(b"".join(map(_record, observations)))
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # the new name itself
        finally:
            os.close(folder)


def _record(one: Observation) -> bytes:
    return b"\n" + json.dumps([one.at, one.name, one.value], separators=(",", ":")).encode()


def _parsed(line: bytes) -> Iterator[Observation]:
    try:
        value: Any = json.loads(line)
    except (ValueError, RecursionError):
        return
    match value:
        case [int(at), str(name), float(number)] if math.isfinite(number):
            yield Observation(at, name, number)
