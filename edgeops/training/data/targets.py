"""Targets, which forecasts are compared with; unlike inputs, they are repaired in hindsight."""

from __future__ import annotations

import numpy as np

from edgeops.errors import EdgeOpsError
from edgeops.features.moving import median
from edgeops.features.series import FloatArray, HourlySeries, IntArray
from edgeops.features.spec import WEEK

_WEEKS_AROUND = (-2, -1, 1, 2)


def runs(mask: np.ndarray) -> list[tuple[int, int]]:
    """The first and the end (not included) of each run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(int(first), int(end)) for first, end in edges.reshape(-1, 2)]


def in_hindsight(values: FloatArray, outage_hours: int, gap_hours: int) -> FloatArray:
    """A column repaired with later knowledge.

    A run of at least `outage_hours` zeros becomes missing (0: never); a gap of up
    to `gap_hours` is interpolated linearly.
    """
    result = values.copy()
    if outage_hours > 0:
        for first, end in runs(values == 0):
            if end - first >= outage_hours:
                result[first:end] = np.nan
    for first, end in runs(np.isnan(result)):
        if end - first <= gap_hours and first > 0 and end < len(result):
            line = np.linspace(result[first - 1], result[end], end - first + 2)
            result[first:end] = line[1:-1]
    return result


def target(
    series: HourlySeries, columns: tuple[str, ...], outage_hours: int, gap_hours: int
) -> FloatArray:
    """The sum of columns for every hour; NaN where none of them has a value.

    A missing value is replaced by the median of that hour in the two weeks before
    and after. Raises `EdgeOpsError` for a column without any value.
    """
    total = np.zeros(len(series))
    silent = np.ones(len(series), dtype=bool)
    for name in columns:
        values = in_hindsight(series.column(name), outage_hours, gap_hours)
        if np.isnan(values).all():
            raise EdgeOpsError(f"{name} has no values", "leave it out with `target.except`")
        missing = np.isnan(values)
        silent &= missing
        total += np.where(missing, _around(values), values)
    total[silent] = np.nan
    return total


def targets_of(values: FloatArray, origins: IntArray, horizon: int) -> FloatArray:
    """The values of the `horizon` steps after each origin: n x horizon; NaN beyond the end."""
    ahead = np.concatenate([values, np.full(horizon, np.nan)])
    return np.asarray(ahead[origins[:, None] + 1 + np.arange(horizon)])


def _around(values: FloatArray) -> FloatArray:
    weeks = []
    for week in _WEEKS_AROUND:
        rows = np.arange(len(values)) + week * WEEK
        inside = (rows >= 0) & (rows < len(values))
        weeks.append(np.where(inside, values[np.clip(rows, 0, len(values) - 1)], np.nan))
    return median(weeks)
