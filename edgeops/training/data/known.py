"""Data known in advance: events and weather, as the features `event:<name>`, `weather:<column>`.

For a fair evaluation, the weather must be the forecast of that time, not the later measurement.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np

from edgeops.errors import EdgeOpsError
from edgeops.features.known import EVENT, WEATHER, CalendarEvent, event_hours
from edgeops.features.series import FloatArray, HourlySeries
from edgeops.features.spec import WEEK
from edgeops.training.data.csv_file import CsvFile
from edgeops.training.data.csv_text import CsvText
from edgeops.training.data.data_file import LIMITS, DataFile, check_size, check_year, fault
from edgeops.training.data.table import columns_of, read_table
from edgeops.training.recipe import TableSection

_HEADER = ["name", "start", "end"]
_ISSUED = (
    "training takes one forecast an hour: keep that which was the newest when forecasts are made,"
    " such as a day before, and remove the column or list it under `data.weather.ignore`"
)
_HOUR = np.timedelta64(1, "h")


def read_events(file: DataFile, observed: HourlySeries | None = None) -> HourlySeries:
    """Events from a CSV file with the columns `name`, `start`, `end` and optionally `value`.

    Times are on the clock of the site; `end` is exclusive. An hour that an event
    touches counts fully. Its value is the sum of the values (1 by default) of the
    events with that name. With `observed`, only the hours that its windows can see
    are kept. Raises `EdgeOpsError` with file:line.
    """
    table = CsvFile(CsvText(file), _HEADER[1:])
    if table.header not in (_HEADER, [*_HEADER, "value"]):
        raise fault(file, 1, "the columns must be name, start, end and optionally value")
    events = [_event(file, line, row) for line, row in table.rows(table.header)]
    if not events:
        raise fault(file, 1, "there are no events")
    names = sorted({event.name for event in events})
    if observed is None:
        start = min(event.first_hour for event in events)
        count = int((max(event.end_hour for event in events) - start) / _HOUR)
    else:
        start, count = observed.start, len(observed) + WEEK
    check_size(file, count, len(names), unit="hours")
    values = event_hours(events, names, start, count)
    return HourlySeries(start, tuple(f"{EVENT}{name}" for name in names), values)


def silent_events(known: HourlySeries, observed: HourlySeries) -> Sequence[str]:
    """The columns of events that are 0 in every observed hour."""
    first = known.index(observed.start)
    hours = known.rows(max(0, first), max(0, first + len(observed)))
    return [
        name
        for name, happens in zip(known.columns, (hours.values != 0).any(axis=0), strict=True)
        if name.startswith(EVENT) and not happens
    ]


def read_weather(file: DataFile, table: TableSection, zone: str) -> HourlySeries:
    """Hourly weather, as `read_table`; several rows in one hour become their mean.

    When each forecast was issued is refused: their mean would know what came later.
    """
    if "issued" in columns_of(file, table) and "issued" not in (*table.columns, *table.ignore):
        raise fault(file, 1, "the column `issued` says when a forecast was made", _ISSUED)
    series = read_table(file, replace(table, combine="mean"), zone).series
    return HourlySeries(
        series.start, tuple(f"{WEATHER}{name}" for name in series.columns), series.values
    )


def together(parts: Sequence[HourlySeries]) -> HourlySeries | None:
    """The columns of all parts over all their hours; None without parts."""
    if not parts:
        return None
    start = min(part.start for part in parts)
    count = max(part.index(start) * -1 + len(part) for part in parts)
    if count * sum(len(part.columns) for part in parts) > LIMITS.values:
        raise EdgeOpsError(
            f"events and weather span {count:,} hours, which does not fit into memory",
            "remove rows that are far from the observations",
        )
    columns: list[FloatArray] = []
    for part in parts:
        first = -part.index(start)
        values = np.full((count, len(part.columns)), np.nan)
        values[first : first + len(part)] = part.values
        columns.append(values)
    names = tuple(name for part in parts for name in part.columns)
    return HourlySeries(start, names, np.hstack(columns))


def _event(file: DataFile, line: int, row: list[str]) -> CalendarEvent:
    name = row[0].strip()
    first, end = (
        _time(file, line, column, cell) for column, cell in zip(_HEADER[1:], row[1:3], strict=True)
    )
    if not name:
        raise fault(file, line, "the event has no name")
    if end <= first:
        raise fault(file, line, "the event ends before it starts")
    try:
        value = float(row[3]) if len(row) > len(_HEADER) and row[3].strip() else 1.0
    except ValueError:
        raise fault(file, line, "value: the value is not a number") from None
    if not math.isfinite(value):
        raise fault(file, line, "value: the value is not finite")
    return CalendarEvent(name, first, end, value)


def _time(file: DataFile, line: int, column: str, cell: str) -> np.datetime64:
    hint = "write the time on the clock of the site, such as 2024-11-24T17:00"
    try:
        moment = datetime.fromisoformat(cell.strip())
    except ValueError:
        raise fault(file, line, f"{column}: the value is not a time", hint) from None
    if moment.tzinfo is not None:
        raise fault(file, line, f"{column}: the time has an offset from UTC", hint)
    check_year(file, line, moment.year, prefix=f"{column}: ")
    return np.datetime64(moment, "m")
