"""Columns that are known ahead: `event:<name>` and `weather:<name>`; a missing value is unknown.

Training and devices make them by this code. Whether one is known in a step is itself a feature,
`known:event:<name>` or `known:weather:<name>`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from edgeops.features.series import FloatArray, Hours

EVENT, WEATHER, KNOWN = "event:", "weather:", "known:"
_HOUR = np.timedelta64(1, "h")
_UP = np.timedelta64(59, "m")


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """Something that happens: from `start` to before `end`, on the clock of the site.

    Both are `datetime64[m]`; `value` is what it adds to each of its hours.
    """

    name: str
    start: np.datetime64
    end: np.datetime64
    value: float = 1.0

    @property
    def first_hour(self) -> np.datetime64:
        """The first hour that it touches."""
        hour: np.datetime64 = self.start.astype("datetime64[h]")
        return hour

    @property
    def end_hour(self) -> np.datetime64:
        """The hour after the last one that it touches."""
        hour: np.datetime64 = (self.end + _UP).astype("datetime64[h]")
        return hour


def is_known_ahead(name: str) -> bool:
    """Whether a feature is a column that is known ahead."""
    return name.startswith((EVENT, WEATHER))


def known_columns(features: Iterable[str]) -> tuple[str, ...]:
    """The columns that must be known ahead for these features, each once."""
    names = (name.removeprefix(KNOWN) for name in features)
    return tuple(dict.fromkeys(name for name in names if is_known_ahead(name)))


def event_hours(
    events: Iterable[CalendarEvent], names: Sequence[str], start: np.datetime64, count: int
) -> FloatArray:
    """The sum of the values of the events of each name (a column) in each hour from `start` on.

    An hour that an event touches counts fully; one without events has 0.
    """
    values = np.zeros((count, len(names)))
    columns = {name: column for column, name in enumerate(names)}
    for event in events:
        if event.name in columns:
            first = max(0, int((event.first_hour - start) / _HOUR))
            end = max(0, int((event.end_hour - start) / _HOUR))
            values[first:end, columns[event.name]] += event.value
    return values


def at_steps(column: FloatArray, start: np.datetime64, hours: Hours, interval: int) -> FloatArray:
    """The hours of a column that begins at `start`, a row a step of `interval`; NaN beyond it."""
    rows = (hours - start).astype(np.int64)[:, None] + np.arange(interval)
    inside = (rows >= 0) & (rows < len(column))
    if not len(column):
        return np.full(rows.shape, np.nan)
    return np.where(inside, column[np.clip(rows, 0, len(column) - 1)], np.nan)
