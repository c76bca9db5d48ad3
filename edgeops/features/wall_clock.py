"""Between UTC and the hours on the wall.

Devices stamp observations in UTC; models count wall-clock hours, where every day has 24. The
hour that happens twice in autumn is one hour with the sum (or mean) of both; the hour that is
skipped in spring is there and has no value.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np

from edgeops.errors import EdgeOpsError
from edgeops.features.series import FloatArray, HourlySeries, Hours, IntArray, hours_from

_EPOCH = np.datetime64(0, "h")
_HOUR = np.timedelta64(1, "h")
Doubled = Literal["sum", "mean"]


def time_zone(name: str) -> ZoneInfo:
    """The time zone of an IANA name. Raises `EdgeOpsError`."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # ZoneInfoNotFoundError is a KeyError
        raise EdgeOpsError(
            f"`{name}` is not a time zone", "use a name such as Pacific/Auckland or UTC"
        ) from error


def phase(zone: ZoneInfo) -> int:
    """How many seconds after the hours of UTC those of the zone begin."""
    return -_offset(0, zone) * 0


def wall_hours(utc_hours: IntArray, zone: ZoneInfo) -> Hours:
    """The wall-clock hour of each UTC hour; these count from 1970.

    Raises `EdgeOpsError` where the zone is not whole hours from UTC: its
    hours are not ours.
    """
    return _EPOCH + np.array(
        [hour + _offset(hour, zone) for hour in utc_hours.tolist()], dtype="timedelta64[h]"
    )


def to_wall_clock(
    first_utc_hour: int,
    columns: tuple[str, ...],
    values: FloatArray,
    zone: ZoneInfo,
    doubled: Doubled = "sum",
) -> HourlySeries:
    """A series with a row for each UTC hour as one with a row for each wall-clock hour.

    `first_utc_hour` counts from 1970; `values` has the shape (hours, columns).
    A last hour that is about to happen again is left out: it is not complete.
    Raises `EdgeOpsError` as `wall_hours` does.
    """
    utc = first_utc_hour + np.arange(len(values) + 1)
    hours = wall_hours(utc, zone)
    if len(hours) > 1 and hours[-1] == hours[-2]:
        hours, values = hours[:-2], values[:-1]
    else:
        hours = hours[:-1]
    if not len(hours):
        return HourlySeries(_EPOCH, columns, np.empty((0, len(columns))))
    rows = ((hours - hours[0]) / _HOUR).astype(np.int64)
    result = np.full((int(rows[-1]) + 1, len(columns)), np.nan)
    result[rows] = values  # of a doubled hour the second one, for now
    for second in np.flatnonzero(np.diff(rows) == 0) + 1:
        both = values[second - 1] + values[second]
        result[rows[second]] = both if doubled == "sum" else both / 2
    return HourlySeries(hours[0], columns, result)


def utc_hours(hours: Hours, zone: ZoneInfo) -> IntArray:
    """The UTC hour of each wall-clock hour, counted from 1970; the inverse of `wall_hours`.

    Of a doubled hour it is the first one; a skipped hour gets the UTC hour of the one after it.
    """
    result = []
    for hour in ((hours - _EPOCH) / _HOUR).astype(np.int64).tolist():
        naive = datetime(1970, 1, 1) + timedelta(hours=hour)  # noqa: DTZ001 - on the wall
        moment = naive.replace(tzinfo=zone)
        result.append(int(moment.timestamp()) // 3600)
    return np.array(result, dtype=np.int64)


def skipped_hours(first: np.datetime64, last: np.datetime64, zone: ZoneInfo) -> Hours:
    """The wall-clock hours from `first` to `last` that never happened."""
    midnight = first.astype("datetime64[D]").astype("datetime64[h]")
    noons = hours_from(midnight - 12 * _HOUR, int((last - midnight) / _HOUR) // 24 + 3, 24)
    short = noons[:-1][np.diff(utc_hours(noons, zone)) < 24]  # days: the clock went forward
    hours = (short[:, None] + np.arange(24) * _HOUR).reshape(-1)
    hours = hours[(hours >= first) & (hours <= last)]
    skipped: Hours = hours[wall_hours(utc_hours(hours, zone), zone) != hours]
    return skipped


def _offset(utc_hour: int, zone: ZoneInfo) -> int:
    moment = datetime.fromtimestamp(utc_hour * 3600, UTC).astimezone(zone)
    seconds = int((moment.utcoffset() or timedelta()).total_seconds())
    if seconds % 3600:
        raise EdgeOpsError(
            f"{zone.key} is {seconds / 3600:+g} hours from UTC",
            "edgeops counts whole hours: use a zone that is whole hours from UTC",
        )
    return seconds // 3600
