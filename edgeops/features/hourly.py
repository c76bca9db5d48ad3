"""One definition of an hour, for training and devices: how the values in it become its value.

Values are added up by quarters of an hour, in order of time, and then the quarters: so a device
that keeps of an old quarter only the sum has the same numbers, to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeops.features.series import FloatArray, IntArray
from edgeops.features.spec import Hour

QUARTER = 900  # seconds; hours of any time zone begin with one
_HOUR = 3600


@dataclass(frozen=True, slots=True, eq=False)
class Values:
    """Values of one series in order of time; none is missing.

    `moments` are seconds since 1970 in UTC. One can stand for several of the same
    quarter of an hour: it is the `last` of them, at its moment, with the `total`
    and the `count` of all.
    """

    moments: IntArray
    last: FloatArray
    total: FloatArray
    count: FloatArray


def values_of(moments: IntArray, values: FloatArray) -> Values:
    """Values with their moments, in order of time; NaN is a gap."""
    known = ~np.isnan(values)
    kept = values[known]
    return Values(moments[known], kept, kept, np.ones(len(kept)))


def hourly(values: Values, hour: Hour, first: int, hours: int, phase: int = 0) -> FloatArray:
    """The value of each of `hours` hours from `first` on (counted from 1970); NaN without one.

    `phase` is how many seconds after those of UTC the hours begin.
    """
    moments = values.moments - phase - first * _HOUR
    inside = (moments >= 0) & (moments < hours * _HOUR)
    moments, counts = moments[inside], values.count[inside]
    if hour.combine == "last":
        result = np.full(hours, np.nan)
        result[moments // _HOUR] = values.last[inside]  # of one hour, the last is what stays
        return result
    total = _sums(moments, values.total[inside], hours)
    count = _sums(moments, counts, hours)
    if hour.combine == "mean":
        return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))
    whole = count >= hour.values
    if hour.fewest < hour.values:
        whole |= _whole(moments, counts, count, hour)
    return np.asarray(np.where(whole, total, np.nan))


def _sums(moments: IntArray, values: FloatArray, hours: int) -> FloatArray:
    """The sum of the values in each hour."""
    parts = np.bincount(moments // QUARTER, values, minlength=4 * hours).reshape(hours, 4)
    return np.asarray(parts[:, 0] + parts[:, 1] + parts[:, 2] + parts[:, 3], np.float64)


def _whole(
    moments: IntArray, counts: FloatArray, count: FloatArray, hour: Hour
) -> NDArray[np.bool_]:
    """Which hours lack no value, where they differ in number: one every 7 minutes is 8 or 9."""
    step = hour.minutes * 60
    result = count >= hour.fewest
    hours = np.flatnonzero(result)
    first, after = (np.searchsorted(moments // _HOUR, hours, side) for side in ("left", "right"))
    begin = moments[first] % _HOUR - (counts[first] - 1) * step
    end = moments[after - 1] % _HOUR
    reaches = (begin < step) & (end >= _HOUR - step)
    result[hours] = reaches & (count[hours] > (end - begin) / step + 0.5)
    return result
