"""The interval of a forecast, kept at its coverage: conformal margins by hour of the day.

Source: Romano, Patterson, Candès, "Conformalized Quantile Regression", 2019. That margins follow
the newest errors is the idea of Gibbs & Candès, "Adaptive Conformal Inference Under Distribution
Shift", 2021; here they are the plain quantile of the last days, without a step size.
"""

from __future__ import annotations

import numpy as np

from edgeops.features.calendar import hour_of_day
from edgeops.features.series import FloatArray, Hours
from edgeops.features.spec import Unit
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
    return float(np.quantile(known, level, method="higher"))


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
    known = np.isfinite(outside)
    outside, targets = outside[known], targets[known]
    hours, days = hour_of_day(targets), targets.astype("datetime64[D]")
    result = np.full(HOURS, np.nan)
    for hour in np.unique(hours):
        here = hours == hour
        if len(np.unique(days[here])) >= fewest_days:
            result[hour] = margin(outside[here], coverage)
    return result


def rolling_margins(
    kept: KeptForecasts, observed: Observed, today: np.datetime64, judging: Judging, unit: Unit
) -> FloatArray:
    """The margins of a wall-clock day, (24,): those of the newest days, else those of the release.

    `kept` are forecasts of the model, `observed` what came afterwards. The days are the
    `judging.days` before yesterday; of an hour of the day that fewer than `FEWEST_DAYS` of them
    have, the margin is that of the release, else 0.
    """
    released = np.array(judging.margins or [0.0] * HOURS)
    if not judging.days or judging.coverage is None or not len(kept):
        return released
    end = today.astype("datetime64[D]") - _LATE * _DAY
    kept = kept.judged(judging)
    kept = kept.chosen(kept.origins >= end - (judging.days + 1) * _DAY - kept.reach)
    targets = kept.targets
    day = targets.astype("datetime64[D]")
    recent = (day >= end - judging.days * _DAY) & (day < end)
    truth = np.where(recent, observed.at(targets), np.nan)
    outside = distance(truth, kept.values[:, :, LOW], kept.values[:, :, HIGH], unit)
    newest = margins_by_hour(outside, targets, judging.coverage, min(FEWEST_DAYS, judging.days))
    return np.where(np.isnan(newest), released, newest)


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
