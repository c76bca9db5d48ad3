"""The interval of a forecast, kept at its coverage: conformal margins by hour of the day.

Source: Romano, Patterson, Candès, "Conformalized Quantile Regression", 2019. That margins follow
the newest errors is the idea of Gibbs & Candès, "Adaptive Conformal Inference Under Distribution
Shift", 2021; here they are the plain quantile of the last days, without a step size.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from edgeops.features.repair import FILL_WEEKS
from edgeops.features.series import FloatArray, Hours, IntArray
from edgeops.features.spec import WEEK, Unit
from edgeops.features.unit import measured, values_of
from edgeops.quality.judging import HOURS, Judging
from edgeops.quality.kept import HIGH, LOW, KeptForecasts, Observed

FEWEST_DAYS = 28  # with a value at an hour of the day, before its margin follows them
_DAY = np.timedelta64(1, "D")
_LATE = 1  # days: what comes late should be there, so that a restart gives the same margins


def margin(outside: FloatArray, coverage: float) -> float:
    """The margin by which to widen (narrow, if negative) an interval on both sides.

    `outside` are the distances of values from their interval (negative: inside), of any shape,
    NaN where unknown. It is their `coverage` quantile, corrected for the sample size; NaN
    without values.
    """
    known = outside[np.isfinite(outside)]
    if not len(known):
        return float("nan")
    level = min(1.0, coverage * (1 + 1 / len(known)))
    at = math.ceil(level * (len(known) - 1))
    return float(np.partition(known, at)[at])


def distance(truth: FloatArray, low: FloatArray, high: FloatArray, unit: Unit) -> FloatArray:
    """How far values lie outside their interval (negative: inside), in logarithms of the unit."""
    value, least, most = (np.log1p(measured(each, unit)) for each in (truth, low, high))
    return np.asarray(np.maximum(least - value, value - most))


def margins_by_hour(
    outside: FloatArray, targets: Hours, coverage: float, fewest_days: int = 1
) -> FloatArray:
    """The margin for each hour of the day, (24,); NaN where fewer days than these have a value.

    `outside` and `targets`, the wall-clock hours that they are of, have one shape.
    """
    every = np.array([[np.iinfo(np.int64).min, np.iinfo(np.int64).max]])
    margins: FloatArray = _by_hour(outside, targets, every, coverage, fewest_days)[0]
    return margins


def rolling_margins(
    kept: KeptForecasts, observed: Observed, today: np.datetime64, judging: Judging, unit: Unit
) -> FloatArray:
    """The margins of a wall-clock day, (24,): see `margins_of_days`."""
    days = today.astype("datetime64[D]").reshape(1)
    margins: FloatArray = margins_of_days(kept, observed, days, judging, unit)[0]
    return margins


def hours_needed(judging: Judging, outage_hours: int) -> int:
    """How many hours before now the margins of a day depend on."""
    if not judging.days:
        return 0
    return (judging.days + _LATE + 1) * HOURS + FILL_WEEKS * WEEK + outage_hours


def margins_of_days(
    kept: KeptForecasts, observed: Observed, days: Hours, judging: Judging, unit: Unit
) -> FloatArray:
    """The margins of wall-clock days, (days, 24): of the newest days, else those of the release.

    `kept` are forecasts of the model, `observed` what came afterwards. The newest days are the
    `judging.days` before yesterday; of an hour of the day that fewer than `FEWEST_DAYS` of them
    have, the margin is that of the release, else 0.
    """
    released = np.array(judging.margins or [0.0] * HOURS)
    if not judging.days or judging.coverage is None or not len(kept) or not len(days):
        return np.tile(released, (len(days), 1))
    ends = days.astype("datetime64[D]") - _LATE * _DAY
    begins = ends - judging.days * _DAY
    kept = kept.judged(judging)
    first, last = kept.origins >= begins.min() - kept.reach, kept.origins < ends.max()
    kept = kept.chosen(first & last)
    targets = kept.targets
    truth = observed.at(targets)
    outside = distance(truth, kept.values[:, :, LOW], kept.values[:, :, HIGH], unit)
    spans = np.stack([begins, ends], axis=1).astype(np.int64)
    fewest = min(FEWEST_DAYS, judging.days)
    newest = _by_hour(outside, targets, spans, judging.coverage, fewest)
    return np.where(np.isnan(newest), released, newest)


def _by_hour(
    outside: FloatArray, targets: Hours, spans: IntArray, coverage: float, fewest_days: int
) -> FloatArray:
    """The margins of spans of days by hour of the day, (spans, 24).

    `spans` has the first day and the one after the last of each; days count from 1970.
    """
    known = np.isfinite(outside)
    day, hour = np.divmod(targets[known].astype("datetime64[h]").astype(np.int64), HOURS)
    order = np.lexsort((day, hour))
    outside, day = outside[known][order], day[order]
    edges = np.searchsorted(hour[order], np.arange(HOURS + 1)).tolist()
    result = np.full((len(spans), HOURS), np.nan)
    for each, (begin, end) in enumerate(pairwise(edges)):
        values, days = outside[begin:end], day[begin:end]
        number = np.cumsum(np.diff(days, prepend=days[:1]) > 0)  # of the day among those here
        cuts = np.searchsorted(days, spans)
        for row, (first, last) in enumerate(cuts.tolist()):
            if first < last and number[last - 1] - number[first] + 1 >= fewest_days:
                result[row, each] = margin(values[first:last], coverage)
    return result


def widened(values: FloatArray, margins: FloatArray, unit: Unit) -> FloatArray:
    """Forecasts with the outer quantiles moved outwards by margins, and still in order.

    `values` has the shape (..., quantiles), ascending, with the median between the outer
    ones; `margins` has its shape without the last axis. A margin of 0 moves nothing.
    """
    result = values.copy()
    for outer, inner, sign in ((0, 1, -1.0), (-1, -2, 1.0)):
        moved = (measured(values[..., outer], unit) + 1) * np.exp(sign * margins)
        keep = np.minimum if outer == 0 else np.maximum
        kept = np.where(margins == 0, values[..., outer], values_of(moved, unit))
        result[..., outer] = keep(kept, values[..., inner])
    return result
