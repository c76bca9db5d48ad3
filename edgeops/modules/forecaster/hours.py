"""A history as a model was trained: its hours, and how short gaps are bridged. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from edgeops.features.hourly import Values, hourly
from edgeops.features.series import FloatArray
from edgeops.features.spec import Hour
from edgeops.modules.forecaster.cell import WIDTH, count_between
from edgeops.modules.forecaster.history import History
from edgeops.modules.forecaster.observations import HOUR

MAX_GAP = 3  # hours; a longer one is not bridged


class NotReady(Exception):
    """The history is too short, or ends too early, for a forecast; the text says why."""


@dataclass(frozen=True, slots=True)
class Recent:
    """The newest hours of some series without gaps; `last_hour` counts from 1970 in UTC.

    `bridged` is how many of the hours lacked the value of any series.
    """

    last_hour: int
    values: Mapping[str, Sequence[float]]
    bridged: int


@dataclass(frozen=True, slots=True)
class HistoryHours:
    """The hours of a history: how the values of one become its value, and when they begin.

    Hour h is the one that begins `3600 h + phase` seconds after 1970; its values come up to
    `hour.early` seconds before.
    """

    history: History
    hour: Hour = Hour()
    phase: int = 0

    @property
    def shift(self) -> int:
        """From which second on, after 3600 h, values are of hour h."""
        return self.phase - self.hour.early

    @property
    def first(self) -> int:
        """The oldest hour that can have a value; the history must have one."""
        return self.history.first_hour - _parts(self.shift)[-1]

    def newest(self, names: Sequence[str], at_least: int, now: float) -> int:
        """The newest hour that has ended and has so many of these series. Raises `NotReady`."""
        running = int((now - self.shift) // HOUR)  # its values are not final
        hours = hours_of_utc(self.history.hours, self.shift)
        if hours and not self.hour.needed:
            return running - 1  # no event is a value too
        for hour in sorted(hours, reverse=True):
            if hour < running and sum(self._has_value(name, hour) for name in names) >= at_least:
                return hour
        why = self._why(names, running)
        raise NotReady(f"no full hour yet with {_listed(names, at_least)}{why}")

    def table(self, names: Sequence[str], first: int, last: int) -> FloatArray:
        """These series, a row an hour from `first` to `last`; NaN where there is no value."""
        columns = [self._column(name, first, last) for name in names]
        return np.stack(columns, axis=1)

    def complete(self, names: Sequence[str], hour: int) -> bool:
        """Whether all values of an hour are there, of each series that the hour before has."""
        expected = [name for name in names if self._count(name, hour - 1)] or names
        return all(
            self._has_value(name, hour) and self._count(name, hour) >= self.hour.fewest
            for name in expected
        )

    def recent(self, names: Sequence[str], hours: int, now: float) -> Recent:
        """The last `hours` of these series up to the newest full hour that all of them have.

        Gaps of up to `MAX_GAP` hours are bridged by a straight line. Raises
        `NotReady`.
        """
        last = self.newest(names, len(names), now)
        table = self.table(names, last - hours + 1 - MAX_GAP, last)
        values = {}
        for name, column in zip(names, table.T.tolist(), strict=True):
            values[name] = _bridged(column)[MAX_GAP:]
            gaps = np.flatnonzero(np.isnan(values[name]))
            if len(gaps):
                known = hours - 1 - int(gaps[-1])
                raise NotReady(f"{name} has {known} of the {hours} hours that the model needs")
        return Recent(last, values, int(np.isnan(table[MAX_GAP:]).any(axis=1).sum()))

    def _why(self, names: Sequence[str], running: int) -> str:
        """Why hours that have values are not full ones, where a sum needs several."""
        needed, lately = self.hour.needed, range(running - 24, running)
        most = max(self._count(name, hour) for name in names for hour in lately)
        if not 0 < most < needed:
            return ""
        apart = f"{self.hour.minutes} minute{'' if self.hour.minutes == 1 else 's'} apart"
        return (
            f": its sum is of {needed} values, {apart}; hours of the last day have at most {most}"
        )

    def _has_value(self, name: str, hour: int) -> bool:
        count = self._count(name, hour)
        if self.hour.combine == "sum" and self.hour.fewest <= count < self.hour.values:
            return not np.isnan(self._column(name, hour, hour)[0])  # it depends on the minutes
        return count >= self.hour.needed

    def _count(self, name: str, hour: int) -> int:
        begin, parts = hour * HOUR + self.shift, _parts(self.shift)
        cells = self.history.cells(name, hour + parts[0], hour + parts[-1])
        return sum(count_between(cell, begin, begin + HOUR) for cell in cells)

    def _column(self, name: str, first: int, last: int) -> FloatArray:
        parts = _parts(self.shift)
        packed = b"".join(self.history.cells(name, first + parts[0], last + parts[-1]))
        moments, value, before, count = np.frombuffer(packed).reshape(-1, WIDTH).T
        values = Values(moments.astype(np.int64), value, before + value, count)
        return hourly(values, self.hour, first, last - first + 1, self.shift)


def hours_of_utc(utc_hours: Iterable[int], shift: int) -> set[int]:
    """The hours that any of these hours of UTC is a part of, if they begin at `shift` seconds."""
    return {hour - part for hour in utc_hours for part in _parts(shift)}


def _parts(shift: int) -> range:
    """The hours of UTC that hour 0 has a part of."""
    return range(shift // HOUR, (shift + HOUR - 1) // HOUR + 1)


def _bridged(column: Sequence[float]) -> list[float]:
    """The values with gaps of up to `MAX_GAP` bridged by a straight line."""
    values = list(column)
    known = [hour for hour, value in enumerate(values) if value == value]
    for before, after in pairwise(known):
        if after - before <= MAX_GAP + 1:
            for hour in range(before + 1, after):
                share = (hour - before) / (after - before)
                values[hour] = values[before] + (values[after] - values[before]) * share
    return values


def _listed(names: Sequence[str], at_least: int) -> str:
    listed = ", ".join(names)
    return listed if at_least == len(names) else f"{at_least} of {listed}"
