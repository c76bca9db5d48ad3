"""The history in memory and on disk, kept alike."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from edgeops.modules.forecaster.history import History
from edgeops.modules.forecaster.history_file import HistoryFile
from edgeops.modules.forecaster.observations import Observation, parse_csv, parse_message

_FILE = "history/observations.jsonl"
_SPARE = 20_000  # superseded records that the file may hold before it is written anew


class Recorder:
    """Takes observations in, and counts what it could not take.

    `fault` is the last reason, of input or storage. Storage that cannot be
    used costs the history over a restart, never a forecast.
    """

    def __init__(self, storage: Path) -> None:
        self.history = History()
        self.refused = 0
        self.fault: str | None = None
        self._file = HistoryFile(storage / _FILE)
        self._records = 0
        self._limit = _SPARE

    def open(self, first_fill: Path | None = None) -> None:
        """Read what is on disk; if that is nothing, take a CSV file in."""
        try:
            for one in self._file.read():
                self.history.add([one])
                self._records += 1
            self._compact()
        except OSError as error:
            self.fault = f"cannot read the history: {error.strerror}"
        if not len(self.history) and first_fill is not None and first_fill.exists():
            self._fill(first_fill)

    def take(self, message: bytes | str) -> None:
        """Take a message of the input `observations` in."""
        parsed = parse_message(message)
        self._refuse(parsed.faults)
        self._write(self.history.add(parsed.observations))

    def _fill(self, path: Path) -> None:
        try:
            with path.open(encoding="utf-8", errors="replace", newline="") as file:
                for row in parse_csv(file):
                    self._refuse(row.faults)
                    self.history.add(row.observations)
        except OSError as error:
            self.fault = f"cannot read {path.name}: {error.strerror}"
        self._write(list(self.history.observations()))

    def _refuse(self, faults: Iterable[str]) -> None:
        for fault in faults:
            self.refused += 1
            self.fault = fault

    def _write(self, observations: list[Observation]) -> None:
        if not observations:
            return
        try:
            self._file.append(observations)
            self._records += len(observations)
            self._compact()
        except OSError as error:
            self.fault = f"cannot write the history: {error.strerror}"

    def _compact(self) -> None:
        """Write the file anew when most of it is superseded or too old."""
        if self._records > self._limit:
            kept = list(self.history.observations())
            self._file.replace(kept)
            self._records = len(kept)
            self._limit = 2 * len(kept) + _SPARE
