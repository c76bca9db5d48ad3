"""Options between the hourly numbers and the features: longer intervals, smoothing."""

from __future__ import annotations

import numpy as np

from edgeops.errors import EdgeOpsError
from edgeops.features.moving import exponential_mean, exponential_reach, moving_mean
from edgeops.features.series import FloatArray
from edgeops.features.spec import INTERVALS, Smoothing


def smoothing_reach(smoothing: Smoothing | None) -> int:
    """How many steps smoothing looks at."""
    if smoothing is None:
        return 0
    return (
        smoothing.steps
        if smoothing.kind == "moving-average"
        else exponential_reach(smoothing.steps)
    )


def smooth(values: FloatArray, smoothing: Smoothing | None) -> FloatArray:
    """The values smoothed, each by itself and those before it only; a missing one stays missing."""
    if smoothing is None:
        return values
    mean = moving_mean if smoothing.kind == "moving-average" else exponential_mean
    return np.where(np.isnan(values), np.nan, mean(values, smoothing.steps))


def aggregate(
    start: np.datetime64, values: FloatArray, interval: int
) -> tuple[np.datetime64, FloatArray]:
    """Hourly values as sums over `interval` hours, counted from midnight, and their start.

    Hours of an interval that is not whole, at both ends, are left out; a
    missing hour makes its interval missing. Raises `EdgeOpsError`.
    """
    if interval not in INTERVALS:
        raise EdgeOpsError(
            f"a day cannot be cut into intervals of {interval} hours",
            f"use one of {', '.join(map(str, INTERVALS))}",
        )
    skip = -int(start.astype("datetime64[h]").astype(np.int64)) % interval
    count = max(len(values) - skip, 0) // interval
    cut = values[skip : skip + count * interval].reshape(count, interval)
    result = np.zeros(count)
    for hour in range(interval):  # in one order, whatever the length
        result = result + cut[:, hour]
    return start + np.timedelta64(skip, "h"), result
