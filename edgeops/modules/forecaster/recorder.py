"""The history in memory and on disk, kept alike.

On disk it is a file that only grows, and survives power loss at any byte:
every record begins with a newline, so that a record which was cut off never
spoils the one after it; what cannot be read is skipped.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from edgeops.files import DISK, Disk
from edgeops.modules.forecaster.history import History
from edgeops.modules.forecaster.observations import (
    EARLY,
    FaultKind,
    InputFault,
    Observation,
    ParsedInput,
    parse_csv,
    parse_message,
)
from edgeops.modules.runtime.disk import NOTHING, FileState, append, replace, state_of

_FILE = "history/observations.jsonl"
_SPARE = 20_000  # superseded records that the file may hold before it is rewritten
_FUTURE = InputFault(FaultKind.FUTURE, "timestamp is more than an hour ahead of the clock")
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
    for observation in observations:
        record = [observation.at, observation.name, observation.value]
        if observation.count > 1:
            record += [observation.before, observation.count]
        block += b"\n" + json.dumps(record, separators=(",", ":")).encode()
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
        case [int(at), str(name), float(number), float(before), int(count)] if (
            count > 1 and math.isfinite(number) and math.isfinite(before)
        ):
            yield Observation(at, name, number, before, count)


class Recorder:
    """Records observations, and counts those that it had to refuse.

    Storage that cannot be used never costs a forecast. What could not be
    written is kept as the history itself is, so it is bounded alike, and
    written by the first `save` that can; `storage_fault` says why none could.
    `clock` gives the seconds since 1970: what is stamped more than `EARLY` later is
    refused, since it would push out what is real. What is on disk is not judged
    again: after a start the clock itself may be wrong.
    """

    def __init__(
        self, storage: Path, disk: Disk = DISK, clock: Callable[[], float] = lambda: math.inf
    ) -> None:
        self.storage = storage
        self.history = History()
        self._refused: Counter[FaultKind] = Counter()
        self.storage_fault: str | None = None
        self._input_fault: str | None = None
        self._clock = clock
        self._file = HistoryFile(storage / _FILE, disk)
        self._first_fill: Path | None = None
        self._unsaved = History()
        self._records = 0
        self._limit = _SPARE

    @property
    def fault(self) -> str | None:
        """What is wrong with the storage now, else why the last input could not be read."""
        return self.storage_fault or self._input_fault

    @property
    def refused(self) -> int:
        """How much of the input had to be refused."""
        return self._refused.total()

    @property
    def refused_by(self) -> Mapping[str, int]:
        """How much of it was refused for which kind of reason."""
        return {kind.value: self._refused[kind] for kind in FaultKind if self._refused[kind]}

    @property
    def unsaved_hours(self) -> int:
        """Hours with observations that are not on disk yet."""
        return len(self._unsaved)

    def open(self, first_fill: Path | None = None) -> None:
        """Read the history on disk; fill an empty one from a CSV file."""
        self._first_fill = first_fill
        self.save()

    def take(self, message: bytes | str) -> None:
        """Record the observations of one message."""
        self._take(parse_message(message))
        self.save()

    def save(self) -> None:
        """Write what is not on disk yet; never raises, and is cheap when nothing is missing."""
        faults = (
            _fault("read", self._reread),
            _fault("write", self._append),
            _fault("shorten", self._compact),
        )
        self.storage_fault = next(filter(None, faults), None)

    def _reread(self) -> None:
        """Read a file that is not as it was left; what it lacks of the history is unsaved."""
        if self._file.as_left():
            return
        theirs_are_newer = self._file.others_wrote()  # another forecaster in the same storage
        on_disk, records = History(), 0
        try:
            for observation in self._file.read():
                on_disk.add([observation])
                records += 1
        finally:  # what could be read is of use already
            parts = [on_disk, self.history]
            self.history = _merged(*(reversed(parts) if theirs_are_newer else parts), self._unsaved)
        self._unsaved.add(on_disk.add(self.history.observations()))
        self._records = records
        if not len(self.history) and self._first_fill is not None:
            self._fill(self._first_fill)

    def _append(self) -> None:
        if self.unsaved_hours:
            self._file.append(self._unsaved.observations())
            self._records += sum(1 for _ in self._unsaved.observations())
            self._unsaved = History()

    def _compact(self) -> None:
        """Rewrite the file when most of it is superseded or too old."""
        if self._records > self._limit and not self.unsaved_hours and self._file.as_left():
            kept = list(self.history.observations())
            self._file.replace(kept)
            self._records = len(kept)
            self._limit = 2 * len(kept) + _SPARE

    def _fill(self, path: Path) -> None:
        try:
            with path.open(encoding="utf-8", errors="replace", newline="") as file:
                for row in parse_csv(file):
                    self._take(row)
        except FileNotFoundError:
            pass
        except OSError as error:
            self._input_fault = f"cannot read {path.name}: {error.strerror}"

    def _take(self, parsed: ParsedInput) -> None:
        for fault in parsed.faults:
            self._refuse(fault)
        latest = self._clock() + EARLY
        real = [each for each in parsed.observations if each.at <= latest]
        for _ in range(len(parsed.observations) - len(real)):
            self._refuse(_FUTURE)
        self._unsaved.add(self.history.add(real, self._refuse))

    def _refuse(self, fault: InputFault) -> None:
        self._refused[fault.kind] += 1
        self._input_fault = fault.message


def _merged(*parts: History) -> History:
    """All of these; of an observation at the same second, the one of the last part that has it."""
    merged = History()
    for part in parts:
        merged.add(part.observations())
    return merged


def _fault(what: str, step: Callable[[], None]) -> str | None:
    """Why a step on the storage could not be done."""
    try:
        step()
    except OSError as error:
        return f"cannot {what} the history: {error.strerror or type(error).__name__}"
    return None
