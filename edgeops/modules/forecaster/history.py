"""The history of every series: the values as they came, by hours of UTC. No I/O."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Callable, Iterable, Iterator, KeysView
from dataclasses import dataclass
from operator import attrgetter

from edgeops.features.device_limits import HOURS_KEPT, MAX_SERIES
from edgeops.modules.forecaster.cell import WIDTH, Cell, entries, fold, put
from edgeops.modules.forecaster.observations import HOUR, FaultKind, InputFault, Observation

VALUES_AN_HOUR = 6  # of a series, on average


@dataclass(slots=True)
class _Series:
    """How many entries a series has; its hours before `folded` have one for each quarter."""

    entries: int = 0
    folded: int = 0


class History:
    """The values of each series, for the newest hours of UTC that have any.

    Messages may come late, twice and in any order; a value at the moment of
    another one is a correction of it. How the values of an hour become one is for
    the model to say, so all are kept (see `hours`), up to `VALUES_AN_HOUR` on
    average: of a series with more, the oldest quarters of an hour are folded to
    what every model needs, which is their sum, their number and the last value.
    So a series has at most 6 x 2,688 entries of 32 bytes, and the file of a
    history at most three lines for each.
    """

    def __init__(self, hours_kept: int = HOURS_KEPT) -> None:
        self._kept = hours_kept
        self._most = VALUES_AN_HOUR * hours_kept  # entries of a series
        self._hours: dict[int, dict[str, Cell[float]]] = {}
        self._series: dict[str, _Series] = {}
        self._changed: set[int] = set()

    def __len__(self) -> int:
        return len(self._hours)

    def add(
        self,
        observations: Iterable[Observation],
        refuse: Callable[[InputFault], None] = lambda _: None,
    ) -> list[Observation]:
        """Add observations; gives those that changed the history.

        `refuse` is told why there is no room for one.
        """
        return [observation for observation in observations if self._add(observation, refuse)]

    def changed_hours(self) -> frozenset[int]:
        """The hours of UTC that have changed since this was asked last."""
        changed = frozenset(self._changed)
        self._changed.clear()
        return changed

    def records(self) -> Iterator[Observation]:
        """All of it, oldest first."""
        for hour in sorted(self._hours):
            yield from sorted(_observations(self._hours[hour]), key=attrgetter("at", "name"))

    @property
    def names(self) -> KeysView[str]:
        """The series that have any value."""
        return self._series.keys()

    @property
    def hours(self) -> KeysView[int]:
        """The hours of UTC that have any value, counted from 1970."""
        return self._hours.keys()

    @property
    def first_hour(self) -> int:
        """The oldest of them; there must be one."""
        return min(self._hours)

    def cells(self, name: str, first: int, last: int) -> Iterator[Cell[float]]:
        """What a series has from one hour of UTC to another, in order."""
        for hour in range(first, last + 1):
            cell = self._hours.get(hour, _NOTHING).get(name)
            if cell is not None:
                yield cell

    def _add(self, observation: Observation, refuse: Callable[[InputFault], None]) -> bool:
        hour, name = observation.at // HOUR, observation.name
        series, known = self._series.get(name), self._hours.get(hour)
        if series is None or known is None:
            if fault := self._no_room(hour, name):
                refuse(fault)
                return False
            name = sys.intern(name)
            known = self._new_hour(hour) if known is None else known
            series = self._series.setdefault(name, _Series())
        cell = known.get(name)
        if cell is None:
            cell = known[sys.intern(name)] = array("d")
        before = len(cell)
        if not put(cell, observation):
            return False
        if hour < series.folded:
            known[name] = cell = fold(cell)
        series.entries += (len(cell) - before) // WIDTH
        if series.entries > self._most:
            self._fold(name, series)
        self._changed.add(hour)
        return True

    def _no_room(self, hour: int, name: str) -> InputFault | None:
        if name not in self._series and len(self._series) >= MAX_SERIES:
            return InputFault(FaultKind.SERIES, f"{name}: there are {MAX_SERIES} series already")
        if hour not in self._hours and len(self._hours) >= self._kept and hour < self.first_hour:
            return InputFault(
                FaultKind.AGE, f"{name}: it is older than the {self._kept} hours kept"
            )
        return None

    def _new_hour(self, hour: int) -> dict[str, Cell[float]]:
        if len(self._hours) >= self._kept:
            oldest = self.first_hour
            self._changed.discard(oldest)
            for name, cell in self._hours.pop(oldest).items():
                self._series[name].entries -= len(cell) // WIDTH
                if not self._series[name].entries:
                    del self._series[name]
        return self._hours.setdefault(hour, {})

    def _fold(self, name: str, series: _Series) -> None:
        """Fold the oldest hours of a series, until it has room for a while."""
        enough = self._most * 9 // 10
        for hour in sorted(self._hours):
            if series.entries <= enough:
                return
            cell = self._hours[hour].get(name)
            if cell is not None and hour >= series.folded:
                self._hours[hour][name] = folded = fold(cell)
                series.entries -= (len(cell) - len(folded)) // WIDTH
            series.folded = max(series.folded, hour + 1)


_NOTHING: dict[str, Cell[float]] = {}


def _observations(hour: dict[str, Cell[float]]) -> Iterator[Observation]:
    for name, cell in hour.items():
        for at, value, before, count in entries(cell):
            yield Observation(int(at), name, value, before, int(count))
