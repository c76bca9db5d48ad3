"""One definition of an hour, for training and devices: how the values in it become its value.

Values are added up by quarters of an hour, in order of time, and then the quarters: so a device
that keeps of an old quarter only the sum has the same numbers, to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

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
    quarter = (values.moments - phase) // QUARTER - 4 * first
    inside = (quarter >= 0) & (quarter < 4 * hours)
    quarter = quarter[inside]
    count = _quarters(quarter, values.count[inside], hours).sum(axis=1)
    if hour.combine == "last":
        result = np.full(hours, np.nan)
        result[quarter // 4] = values.last[inside]  # of one hour, the last is what stays
        return result
    parts = _quarters(quarter, values.total[inside], hours)
    total = parts[:, 0] + parts[:, 1] + parts[:, 2] + parts[:, 3]
    if hour.combine == "mean":
        total = total / np.maximum(count, 1)
    return np.asarray(np.where(count >= hour.needed, total, np.nan))


def _quarters(quarter: IntArray, weights: FloatArray, hours: int) -> FloatArray:
    """The sum of the weights in each quarter, a row an hour."""
    sums = np.bincount(quarter, weights, minlength=4 * hours)
    return np.asarray(sums, np.float64).reshape(hours, 4)
