"""Repairs of inputs: what can be known when the forecast is made, and nothing later."""

from __future__ import annotations

import numpy as np

from edgeops.errors import EdgeOpsError
from edgeops.features.moving import median, moving_sum
from edgeops.features.series import FloatArray, HourlySeries
from edgeops.features.spec import WEEK

FILL_WEEKS = 4


def without_outages(values: FloatArray, hours: int) -> FloatArray:
    """The values with a zero that follows `hours - 1` other zeros made missing; 0 changes nothing.

    A sensor that counts nobody for so long is broken. Its first zeros stay: at that
    time nobody could know. `values` has one or two dimensions; time is the first.
    """
    if hours <= 0:
        return values
    return np.where(moving_sum((values == 0).astype(np.float64), hours) >= hours, np.nan, values)


def filled(values: FloatArray) -> FloatArray:
    """The values with each missing one as the median of that hour in the last four weeks.

    It stays missing where those four are. `values` has one dimension.
    """
    missing = np.flatnonzero(np.isnan(values))
    if not len(missing):
        return values
    earlier = [
        np.where(missing >= lag, values[np.maximum(missing - lag, 0)], np.nan)
        for lag in WEEK * np.arange(1, FILL_WEEKS + 1)
    ]
    result = values.copy()
    result[missing] = median(earlier)
    return result


def total(
    series: HourlySeries, columns: tuple[str, ...], outage_hours: int, *, signed: bool = False
) -> FloatArray:
    """The sum of columns an hour, without outages and with what is missing filled.

    Raises `EdgeOpsError` for an unknown column and, unless they are `signed`, negative values.
    """
    values = series.select(columns).values
    if not signed and np.any(values < 0):
        row, column = np.argwhere(values < 0)[0]
        raise EdgeOpsError(
            f"{columns[column]} is negative at {series.hours[row]}",
            "only a target can be negative, not a neighbour of one that is not",
        )
    clean = without_outages(values, outage_hours)
    result = np.zeros(len(series))
    for column in range(len(columns)):
        result = result + filled(np.ascontiguousarray(clean[:, column]))
    return result
