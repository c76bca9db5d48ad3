"""The history of observations, in memory and on disk."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
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
from edgeops.modules.runtime.ledger import Ledger, RecordFile

_FILE = "history/observations.jsonl"
_SPARE = 20_000  # superseded records that the file may hold before it is rewritten
_FUTURE = InputFault(FaultKind.FUTURE, "timestamp is more than an hour ahead of the clock")
_MAX_LINE = 4096  # a record has less than a quarter of it; only junk comes in pieces


def history_file(path: Path, disk: Disk = DISK) -> RecordFile[Observation]:
    """The observations of one device in one file."""
    return RecordFile(path, _to_json, _from_json, _MAX_LINE, disk)


def _to_json(observation: Observation) -> Any:
    record: list[Any] = [observation.at, observation.name, observation.value]
    if observation.count > 1:
        record += [observation.before, observation.count]
    return record


def _from_json(value: Any) -> Observation | None:
    match value:
        case [int(at), str(name), float(number)] if math.isfinite(number):
            return Observation(at, name, number)
        case [int(at), str(name), float(number), float(before), int(count)] if (
            count > 1 and math.isfinite(number) and math.isfinite(before)
        ):
            return Observation(at, name, number, before, count)
    return None


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
        self._refused: Counter[FaultKind] = Counter()
        self._input_fault: str | None = None
        self._clock = clock
        self._first_fill: Path | None = None
        file = history_file(storage / _FILE, disk)
        self._ledger: Ledger[History, Observation] = Ledger(
            file, History, "the history", _SPARE, self._fill_empty
        )

    @property
    def history(self) -> History:
        """All observations that are kept."""
        return self._ledger.memory

    @property
    def storage_fault(self) -> str | None:
        """Why the history could not be written or read; None if all of it is on disk."""
        return self._ledger.fault

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
        return len(self._ledger.unsaved)

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
        self._ledger.save()

    def _fill_empty(self) -> None:
        if not len(self.history) and self._first_fill is not None:
            self._fill(self._first_fill)

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
        self._ledger.unsaved.add(self.history.add(real, self._refuse))

    def _refuse(self, fault: InputFault) -> None:
        self._refused[fault.kind] += 1
        self._input_fault = fault.message
