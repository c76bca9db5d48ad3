"""What is known ahead, from messages and from files in slots, as columns for a model. No I/O.

Of an hour the document that was issued last counts, whichever way it came; of equal ones the
later. A file without `issued` is older than all others.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from edgeops.features.context_document import (
    MAX_EVENTS,
    MAX_SERIES,
    Calendar,
    Context,
    Happening,
    Readings,
)
from edgeops.features.known import EVENT, WEATHER, CalendarEvent, event_hours
from edgeops.features.series import FloatArray, HourlySeries, hours_from
from edgeops.features.wall_clock import phase, to_wall_clock, utc_hours
from edgeops.modules.forecaster.observations import HOUR

DAY = 86400
KEPT_AHEAD = 14 * DAY
KEPT_BACK = 9 * DAY  # a window that began a week ago may still forecast an hour ahead
NEVER = -math.inf  # when a document without `issued` was
MAX_CALENDARS = 32


@dataclass(frozen=True, slots=True)
class ColumnAhead:
    """How much of a column is known: `hours` of the `of` that a forecast is for.

    `issued` is when the newest document that speaks of the column was, in seconds since
    1970; None if none says so, and `ever` is whether there is one.
    """

    column: str
    hours: int
    of: int
    issued: float | None
    ever: bool


@dataclass(frozen=True, slots=True, eq=False)
class Ahead:
    """Columns over hours on the clock of the site, NaN where unknown; and how much is known."""

    series: HourlySeries
    columns: tuple[ColumnAhead, ...]


@dataclass(slots=True)
class Contexts:
    """Everything that was said; what others can grow of it is bounded.

    A cell of `series` is when it was issued and the value, by name and the second at which
    it begins.
    """

    calendars: list[tuple[float, Calendar]] = field(default_factory=list)
    series: dict[str, dict[int, tuple[float, float]]] = field(default_factory=dict)

    def add(self, context: Context, issued: float, now: float) -> Iterator[str]:
        """Add what a document says of the hours that matter; gives what cannot be kept."""
        if context.calendar is not None:
            self.calendars.append((issued, _near(context.calendar, now)))
        for readings in context.series:
            if readings.name not in self.series and len(self.series) >= MAX_SERIES:
                yield f"context: series {readings.name}: there are {MAX_SERIES} others already"
                continue
            near = dict(_cells(readings, now))
            if not near and any(value == value for value in readings.values):
                why = "its values are all too old, or more than 14 days ahead"
                yield f"context: series {readings.name}: {why}"
                continue
            cells = self.series.setdefault(readings.name, {})
            for at, value in near.items():
                if at not in cells or cells[at][0] <= issued:
                    cells[at] = (issued, value)

    def forget(self, now: float) -> None:
        """Drop what no forecast needs any more."""
        for name, cells in list(self.series.items()):
            for at in [at for at in cells if not _matters(at, now)]:
                del cells[at]
            if not cells:
                del self.series[name]
        kept: list[tuple[float, Calendar]] = []
        events = 0
        newest_first = sorted(self.calendars, key=lambda each: each[0])[::-1]  # of equal ones, too
        for issued, calendar in newest_first:
            over = calendar.until is not None and _instant(calendar.until) < now - KEPT_BACK
            said = any(_replaces(newer, calendar) for _, newer in kept)
            fits = len(kept) < MAX_CALENDARS and events + len(calendar.events) <= MAX_EVENTS
            if not over and not said and fits:
                kept.append((issued, calendar))
                events += len(calendar.events)
        self.calendars = kept[::-1]

    def together(self, others: Iterable[Contexts]) -> Contexts:
        """This, and what others say; of equal age, this counts."""
        parts = [*others, self]
        both = Contexts([calendar for part in parts for calendar in part.calendars])
        for part in parts:
            for name, cells in part.series.items():
                mine = both.series.setdefault(name, {})
                for at, cell in cells.items():
                    if at not in mine or mine[at][0] <= cell[0]:
                        mine[at] = cell
        return both

    def ahead(
        self,
        columns: Sequence[str],
        start: np.datetime64,
        count: int,
        horizon: int,
        zone: ZoneInfo,
    ) -> Ahead:
        """These columns from the hour `start` on, of which the first `horizon` are forecast."""
        values = np.full((count, len(columns)), np.nan)
        states = []
        for index, column in enumerate(columns):
            if column.startswith(EVENT):
                name = column.removeprefix(EVENT)
                values[:, index] = self._events(name, start, count, zone)
                issues = [issued for issued, each in self.calendars if name in each.names]
            else:
                cells = self.series.get(column.removeprefix(WEATHER), {})
                values[:, index] = _hourly(cells, start, count, zone)
                issues = [issued for issued, _ in cells.values()]
            hours = int((~np.isnan(values[:horizon, index])).sum())
            newest = max(issues, default=NEVER)
            when = None if newest == NEVER else newest
            states.append(ColumnAhead(column, hours, horizon, when, bool(issues)))
        return Ahead(HourlySeries(start, tuple(columns), values), tuple(states))

    def _events(self, name: str, start: np.datetime64, count: int, zone: ZoneInfo) -> FloatArray:
        values = np.full(count, np.nan)
        hours = hours_from(start, count)
        for _, calendar in sorted(self.calendars, key=lambda each: each[0]):
            if name not in calendar.names:
                continue
            covered = np.ones(count, bool)
            if calendar.first is not None:
                covered &= hours >= _on_the_wall(calendar.first, zone)
            if calendar.until is not None:
                covered &= hours + np.timedelta64(1, "h") <= _on_the_wall(calendar.until, zone)
            events = (_event(each, zone) for each in calendar.events if each.name == name)
            values[covered] = event_hours(events, [name], start, count)[covered, 0]
        return values


def _cells(readings: Readings, now: float) -> Iterator[tuple[int, float]]:
    """The values near now, by the second at which each begins; long ones hold for their hours."""
    first = max(0, int((now - KEPT_BACK - readings.start) // readings.seconds))
    end = max(0, math.ceil((now + KEPT_AHEAD - readings.start) / readings.seconds))
    for number, value in enumerate(readings.values[first:end], start=first):
        begin = readings.start + number * readings.seconds
        for at in range(begin, begin + readings.seconds, min(readings.seconds, HOUR)):
            if not math.isnan(value) and _matters(at, now):
                yield at, value


def _matters(at: float, now: float) -> bool:
    return now - KEPT_BACK <= at < now + KEPT_AHEAD


def _near(calendar: Calendar, now: float) -> Calendar:
    """What a calendar says of the hours that matter, which is all that it is complete for then."""
    low, high = now - KEPT_BACK - DAY, now + KEPT_AHEAD + DAY  # a day: clocks of sites differ
    events = tuple(
        each for each in calendar.events if _instant(each.end) > low and _instant(each.start) < high
    )
    end = datetime.fromtimestamp(int(now + KEPT_AHEAD), UTC)
    until = calendar.until
    if until is None or _instant(until) > now + KEPT_AHEAD:
        until = end
    return replace(calendar, events=events, until=until)


def _replaces(newer: Calendar, older: Calendar) -> bool:
    if not set(older.names) <= set(newer.names) or newer.until is None or older.until is None:
        return False
    begins = older.first is not None and newer.first is not None
    earlier = newer.first is None or (
        begins and _instant(newer.first) <= _instant(older.first or newer.first)
    )
    return earlier and _instant(older.until) <= _instant(newer.until)


def _instant(moment: datetime) -> float:
    """Seconds since 1970; a time on the clock of the site counts as UTC, less than a day off."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.timestamp()


def _event(happening: Happening, zone: ZoneInfo) -> CalendarEvent:
    return CalendarEvent(
        happening.name,
        _on_the_wall(happening.start, zone),
        _on_the_wall(happening.end, zone),
        happening.value,
    )


def _on_the_wall(moment: datetime, zone: ZoneInfo) -> np.datetime64:
    naive = moment.astimezone(zone).replace(tzinfo=None) if moment.tzinfo else moment
    return np.datetime64(naive, "m")


def _hourly(
    cells: dict[int, tuple[float, float]], start: np.datetime64, count: int, zone: ZoneInfo
) -> FloatArray:
    """The mean of the values that begin in each hour, of those issued last."""
    result = np.full(count, np.nan)
    if not cells:
        return result
    first = int(utc_hours(np.array([start]), zone)[0]) - 1
    begins = phase(zone)
    by_hour: dict[int, list[tuple[float, float]]] = {}
    for at, cell in cells.items():
        by_hour.setdefault((at - begins) // HOUR - first, []).append(cell)
    values = np.full((count + 4, 1), np.nan)  # an hour more on either side, and two changes
    for hour, row in enumerate(values):
        if found := by_hour.get(hour):
            newest = max(issued for issued, _ in found)
            of_it = [value for issued, value in found if issued == newest]
            row[0] = sum(of_it) / len(of_it)
    on_wall = to_wall_clock(first, ("value",), values, zone, "mean")
    begin = on_wall.index(start)
    cut = on_wall.values[max(0, begin) : max(0, begin + count), 0]
    result[max(0, -begin) : max(0, -begin) + len(cut)] = cut
    return result
