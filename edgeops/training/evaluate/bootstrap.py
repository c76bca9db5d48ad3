"""How sure a difference between two models is: the block bootstrap over weeks.

Errors of neighbouring hours go together, so whole weeks of origins are drawn anew, with
replacement. Source: Künsch, "The jackknife and the bootstrap for general stationary
observations" (1989).
"""

from __future__ import annotations

import numpy as np

from edgeops.features.series import FloatArray
from edgeops.training.evaluate.scorecard import Comparison
from edgeops.training.forecasts import Forecasts

_WEEK = np.timedelta64(168, "h")
_SHARES = (0.025, 0.975)


def compare(
    model: Forecasts, other: Forecasts, name: str, *, seed: int, rounds: int = 1000
) -> Comparison:
    """The WAPE of a model less that of another one, with its 95 % interval.

    Both forecast the same origins, in the same order.
    """
    value, ours, theirs = _by_week(model, other)
    random = np.random.default_rng(seed)
    drawn = random.integers(0, len(value), (rounds, len(value)))
    differences = (ours - theirs)[drawn].sum(axis=1) / value[drawn].sum(axis=1)
    low, high = np.quantile(differences, _SHARES)
    difference = (ours - theirs).sum() / value.sum()
    return Comparison(name, float(difference), float(low), float(high))


def _by_week(model: Forecasts, other: Forecasts) -> tuple[FloatArray, FloatArray, FloatArray]:
    """What happened, and the absolute errors of both, summed over each week of origins."""
    week = ((model.origins - model.origins.min()) / _WEEK).astype(np.int64)
    known = ~np.isnan(model.actual)

    def sums(values: FloatArray) -> FloatArray:
        by_origin = np.where(known, values, 0.0).sum(axis=1)
        return np.asarray(np.bincount(week, by_origin), np.float64)

    size = sums(np.abs(model.actual))
    ours, theirs = (sums(np.abs(one.point - one.actual)) for one in (model, other))
    some = size > 0
    return size[some], ours[some], theirs[some]
