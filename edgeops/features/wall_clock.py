"""Between UTC and the hours on the wall.

Devices stamp observations in UTC; models count wall-clock hours, where every day has 24. The
hour that happens twice in autumn is one hour with the sum (or mean) of both; the hour that is
skipped in spring is there and has no value.

In some zones hours begin 15, 30 or 45 minutes after those of UTC: that is their `phase`. "UTC
hour h" means the hour that begins `3600 h + phase` seconds after 1970.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np

from edgeops.errors import EdgeOpsError
from edgeops.features.series import FloatArray, HourlySeries, Hours, IntArray, hours_from

_EPOCH = np.datetime64(0, "h")
_HOUR = np.timedelta64(1, "h")
_SECONDS = 3600
Doubled = Literal["sum", "mean"]
_YEARS = range(2020, 2038)  # those that a time zone is judged by


def time_zone(name: str) -> ZoneInfo:
    """The time zone of an IANA name. Raises `EdgeOpsError`."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # ZoneInfoNotFoundError is a KeyError
        raise EdgeOpsError(
            f"`{name}` is not a time zone", "use a name such as Pacific/Auckland or UTC"
        ) from error


@lru_cache(maxsize=256)
def phase(zone: ZoneInfo) -> int:
    """How many seconds after the hours of UTC those of the zone begin.

    Raises `EdgeOpsError` where that changes during the year.
    """
    days = [datetime(year, month, 1, tzinfo=UTC) for year in _YEARS for month in (1, 7)]
    offsets = sorted({_seconds(day, zone) for day in days})
    phases = {-offset % _SECONDS for offset in offsets}
    if len(phases) > 1:
        between = " or ".join(f"{offset / _SECONDS:+g}" for offset in offsets)
        raise EdgeOpsError(
            f"{zone.key} is {between} hours from UTC: its hours begin at other minutes in summer",
            "use a zone whose clock changes by whole hours, or UTC",
        )
    return phases.pop()


def wall_hours(utc_hours: IntArray, zone: ZoneInfo) -> Hours:
    """The wall-clock hour of each UTC hour; these count from 1970.

    Raises `EdgeOpsError` as `phase` does, and where the hours of the zone began at
    other minutes at that time.
    """
    begins = phase(zone)
    return _EPOCH + np.array(
        [_wall_hour(hour * _SECONDS + begins, zone) for hour in utc_hours.tolist()],
        dtype="timedelta64[h]",
    )


def to_wall_clock(
    first_utc_hour: int,
    columns: tuple[str, ...],
    values: FloatArray,
    zone: ZoneInfo,
    doubled: Doubled = "sum",
) -> HourlySeries:
    """A series with a row for each UTC hour as one with a row for each wall-clock hour.

    `first_utc_hour` counts from 1970; `values` has the shape (hours, columns). Of an
    hour that happens twice it has the sum of both, or the mean. A last hour that is
    about to happen again is left out: it is not complete.

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
    Raises `EdgeOpsError` as `wall_hours` does.
    """
    begins, result = phase(zone), []
    for hour in ((hours - _EPOCH) / _HOUR).astype(np.int64).tolist():
        naive = datetime(1970, 1, 1) + timedelta(hours=hour)  # noqa: DTZ001 - on the wall
        moment = naive.replace(tzinfo=zone)
        second = int(moment.timestamp())
        if (second - begins) % _SECONDS:
            raise _other_phase(second, zone)
        result.append((second - begins) // _SECONDS)
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


def _wall_hour(second: int, zone: ZoneInfo) -> int:
    """The wall-clock hour that begins at a second."""
    wall = second + _seconds(datetime.fromtimestamp(second, UTC), zone)
    if wall % _SECONDS:
        raise _other_phase(second, zone)
    return wall // _SECONDS


def _seconds(moment: datetime, zone: ZoneInfo) -> int:
    """How far the zone is from UTC at a moment."""
    return int((moment.astimezone(zone).utcoffset() or timedelta()).total_seconds())


def _other_phase(second: int, zone: ZoneInfo) -> EdgeOpsError:
    moment = datetime.fromtimestamp(second, UTC)
    then = _seconds(moment, zone) / _SECONDS
    return EdgeOpsError(
        f"{zone.key} was {then:+g} hours from UTC in {moment.year}: its hours began at other"
        " minutes than today",
        "use later data, or another time zone",
    )
