"""The hourly history of every series: values, and how short gaps are bridged. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile
from math import isnan, nan
from operator import attrgetter

from edgeops.modules.forecaster.observations import HOUR, Observation

HOURS_KEPT = 16 * 7 * 24  # 2,688; models of all features and a base of eight weeks need 2,580
MAX_SERIES = 256
MAX_GAP = 3  # hours; a longer one is not bridged


class NotReady(Exception):
    """The history is too short, or ends too early, for a forecast; the text says why."""


@dataclass(frozen=True, slots=True)
class Recent:
    """The newest hours of some series without gaps; `last_hour` counts from 1970 in UTC."""

    last_hour: int
    values: Mapping[str, Sequence[float]]


class History:
    """The newest observation of each hour and series, for the newest hours that have any.

    Within an hour the later timestamp wins; of equal ones the later arrival
    (a correction). Messages may come late, twice and in any order.
    """

    def __init__(self, hours_kept: int = HOURS_KEPT) -> None:
        self._kept = hours_kept
        self._hours: dict[int, dict[str, Observation]] = {}
        self._names: set[str] = set()

    def __len__(self) -> int:
        return len(self._hours)

    def add(self, observations: Iterable[Observation]) -> list[Observation]:
        """Add observations; gives those that changed the history."""
        return [observation for observation in observations if self._add(observation)]

    def _add(self, observation: Observation) -> bool:
        hour = observation.at // HOUR
        if observation.name not in self._names and len(self._names) >= MAX_SERIES:
            return False
        if hour not in self._hours and len(self._hours) >= self._kept:
            oldest = min(self._hours)
            if hour < oldest:
                return False
            del self._hours[oldest]
        known = self._hours.setdefault(hour, {})
        before = known.get(observation.name)
        if before is not None and (before.at > observation.at or before == observation):
            return False
        self._names.add(observation.name)
        known[observation.name] = observation
        return True

    def observations(self) -> Iterator[Observation]:
        """All of it, oldest first."""
        for hour in sorted(self._hours):
            yield from sorted(self._hours[hour].values(), key=attrgetter("at", "name"))

    @property
    def names(self) -> frozenset[str]:
        """The series that have any observation."""
        return frozenset(name for known in self._hours.values() for name in known)

    @property
    def first_hour(self) -> int:
        """The oldest hour with an observation, counted from 1970 in UTC; there must be one."""
        return min(self._hours)

    def newest_full_hour(self, names: Sequence[str], at_least: int, now: float) -> int:
        """The newest hour that has ended and has so many of these series. Raises `NotReady`."""
        running = int(now // HOUR)  # its values are not final
        for hour in sorted(self._hours, reverse=True):
            if hour < running and sum(name in self._hours[hour] for name in names) >= at_least:
                return hour
        raise NotReady(f"no full hour yet with {_listed(names, at_least)}")

    def table(self, names: Sequence[str], first: int, last: int) -> list[list[float]]:
        """These series, a row an hour from `first` to `last`; NaN where there is no value."""
        rows = []
        for hour in range(first, last + 1):
            known = self._hours.get(hour, {})
            rows.append([known[name].value if name in known else nan for name in names])
        return rows

    def recent(self, names: Sequence[str], hours: int, now: float) -> Recent:
        """The last `hours` of these series up to the newest full hour that all of them have.

        Gaps of up to `MAX_GAP` hours are bridged by a straight line. Raises
        `NotReady`.
        """
        last = self.newest_full_hour(names, len(names), now)
        table = self.table(names, last - hours + 1 - MAX_GAP, last)
        values = {}
        for name, column in zip(names, zip(*table, strict=True), strict=True):
            values[name] = _bridged(column)[MAX_GAP:]
            known = list(takewhile(lambda value: not isnan(value), reversed(values[name])))
            if len(known) < hours:
                raise NotReady(f"{name} has {len(known)} of the {hours} hours that the model needs")
        return Recent(last, values)


def _bridged(column: Sequence[float]) -> list[float]:
    """The values with gaps of up to `MAX_GAP` bridged by a straight line."""
    values = list(column)
    known = [hour for hour, value in enumerate(values) if not isnan(value)]
    for before, after in pairwise(known):
        if after - before <= MAX_GAP + 1:
            for hour in range(before + 1, after):
                share = (hour - before) / (after - before)
                values[hour] = values[before] + (values[after] - values[before]) * share
    return values


def _listed(names: Sequence[str], at_least: int) -> str:
    listed = ", ".join(names)
    return listed if at_least == len(names) else f"{at_least} of {listed}"
