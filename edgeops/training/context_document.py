"""What the data of a model says of events and weather, as a document that devices are told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np

from edgeops.features.known import EVENT, WEATHER
from edgeops.features.series import HourlySeries
from edgeops.features.wall_clock import phase, time_zone, wall_hours
from edgeops.jsonvalue import JsonObject

_H = np.timedelta64(1, "h")
_HOUR = 3600
_MARGIN = 26  # hours: those before now, and changes of the clock


def context_document(
    known: HourlySeries, columns: Sequence[str], zone: str, now: int, hours: int
) -> JsonObject:
    """The `columns` of what is known, of `hours` from now (seconds since 1970) on."""
    where = time_zone(zone)
    begins = phase(where)
    utc = (now - begins) // _HOUR + np.arange(-_MARGIN, hours + _MARGIN)
    walls = wall_hours(utc, where)
    rows = (walls - known.start).astype(np.int64)
    inside = (rows >= 0) & (rows < len(known))
    start = _iso(int(utc[0]) * _HOUR + begins)
    weather = {}
    for column in (name for name in columns if name.startswith(WEATHER)):
        values = np.where(inside, known.column(column)[np.clip(rows, 0, len(known) - 1)], np.nan)
        cells = [None if value != value else value for value in values.tolist()]
        weather[column.removeprefix(WEATHER)] = {"start": start, "values": cells}
    document: JsonObject = {"context": 1, "issued": _iso(now), "series": weather}
    names = [name for name in columns if name.startswith(EVENT)]
    first = max(0, known.index(walls[0]))
    some = known.rows(first, max(first, known.index(walls[-1]) + 1)).select(names)
    covered = np.flatnonzero(~np.isnan(some.values).any(axis=1))
    if names and len(covered):
        bounds = {"from": some.hours[covered[0]], "until": some.hours[covered[-1]] + _H}
        document["events"] = [each for name in names for each in _events(some, name)]
        document["calendar"] = {
            "names": [name.removeprefix(EVENT) for name in names],
            **{key: str(hour.astype("datetime64[m]")) for key, hour in bounds.items()},
        }
    return document


def _events(some: HourlySeries, column: str) -> Iterator[JsonObject]:
    """An event for each run of hours with the same value."""
    values = np.nan_to_num(some.column(column))
    edges = [0, *(np.flatnonzero(np.diff(values)) + 1).tolist(), len(values)]
    hours = np.append(some.hours, some.hours[-1:] + _H).astype("datetime64[m]")
    for first, end in pairwise(edges):
        if values[first]:
            yield {
                "name": column.removeprefix(EVENT),
                "start": str(hours[first]),
                "end": str(hours[end]),
                "value": float(values[first]),
            }


def _iso(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).isoformat()
