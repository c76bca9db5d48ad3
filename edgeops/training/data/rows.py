"""The values behind hourly series, as a device would be sent them: when, and of which column.

Where a table has the rows that a device will see, they are those of the table; elsewhere (in older
rows at another distance, in data that is hourly) they are made of the hours, so that
these have the same values on the device.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from zoneinfo import ZoneInfo

import numpy as np

from edgeops.features.series import FloatArray, HourlySeries, IntArray
from edgeops.features.spec import Hour
from edgeops.features.wall_clock import phase, utc_hours, wall_hours

_HOUR = 3600
Told = tuple[int, dict[str, float]]  # a moment, and the value of each column; NaN is a gap


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The rows of some columns, in order of time; all there are from the moment `begin` on.

    `moments` are seconds since 1970 in UTC; `values` has the shape (rows, columns).
    """

    columns: tuple[str, ...]
    moments: IntArray
    values: FloatArray
    begin: int

    def since(self, moment: int) -> Rows:
        """Those from a moment on, in memory of their own."""
        first = int(np.searchsorted(self.moments, moment))
        return Rows(
            self.columns,
            self.moments[first:].copy(),
            self.values[first:].copy(),
            max(self.begin, moment),
        )


def told(
    series: HourlySeries,
    rows: Sequence[Rows],
    hour: Hour,
    columns: Sequence[str],
    zone: ZoneInfo,
    span: tuple[int, int],
) -> Iterator[Told]:
    """What a device is told of these columns from one moment to before another, in order.

    `series` has the columns by the hour, on the clock of the zone.
    """
    begin, end = span
    left = set(columns)
    parts = []
    for each in rows:
        some = [name for name in each.columns if name in left]
        if some:
            left -= {*some}
            parts.append(_of_rows(each, some, begin, end))
            parts.append(_of_hours(series, some, hour, zone, (begin, min(end, each.begin))))
    parts.append(_of_hours(series, [name for name in columns if name in left], hour, zone, span))
    return merge(*parts, key=lambda item: item[0])


def _of_rows(rows: Rows, columns: Sequence[str], begin: int, end: int) -> Iterator[Told]:
    first, last = np.searchsorted(rows.moments, [max(begin, rows.begin), end])
    which = [rows.columns.index(name) for name in columns]
    for moment, values in zip(
        rows.moments[first:last].tolist(), rows.values[first:last, which].tolist(), strict=True
    ):
        yield moment, dict(zip(columns, values, strict=True))


def _of_hours(
    series: HourlySeries,
    columns: Sequence[str],
    hour: Hour,
    zone: ZoneInfo,
    span: tuple[int, int],
) -> Iterator[Told]:
    """Rows that make these hours on a device: one that has the value, and zeros to a whole sum."""
    if not columns or not len(series):
        return
    begins, after = phase(zone), np.array([series.hours[-1] + np.timedelta64(1, "h")])
    first, last = (np.array(span) - begins) // _HOUR
    first = max(first, int(utc_hours(series.hours[:1], zone)[0]))
    last = min(last, int(utc_hours(after, zone)[0]) - 1)
    utc = np.arange(first, last + 1)
    if not len(utc):
        return
    walls = wall_hours(np.append(utc[0] - 1, utc), zone)
    again = np.diff(walls).astype(np.int64) == 0
    at = ((walls[1:] - series.start) / np.timedelta64(1, "h")).astype(np.int64)
    values = series.select(tuple(columns)).values[at]
    if hour.combine != "mean":  # of an hour that comes twice both are added up
        values[again] *= 0  # NaN stays NaN
    slots = range(max(1, hour.values)) if hour.combine == "sum" else range(1)
    for begin, row in zip((utc * _HOUR + begins).tolist(), values.tolist(), strict=True):
        for slot in slots:
            moment = begin + slot * hour.minutes * 60
            if span[0] <= moment < span[1]:
                cells = row if slot == 0 else [value * 0 for value in row]  # NaN stays NaN
                yield moment, dict(zip(columns, cells, strict=True))
