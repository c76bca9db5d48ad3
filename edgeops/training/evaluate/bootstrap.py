"""Whether one model is significantly better than another: see `quality.bootstrap`."""

from __future__ import annotations

import math

import numpy as np

from edgeops.features.series import FloatArray
from edgeops.quality.bootstrap import BLOCK_DAYS, drawn_sums, interval_of
from edgeops.training.evaluate.scorecard import Comparison
from edgeops.training.forecasts import Forecasts


def compare(
    model: Forecasts, other: Forecasts, name: str, *, seed: int, rounds: int = 1000
) -> Comparison:
    """The WAPE of `model` minus that of `other`, named `name`, with its 95 % interval.

    The interval is NaN for less than two weeks of origins. Raises `ValueError`
    unless both have the same origins in the same order; series can be joined.
    """
    if not (
        np.array_equal(model.origins, other.origins)
        and np.array_equal(model.actual, other.actual, equal_nan=True)
    ):
        raise ValueError(f"the forecasts of {name} have other origins than the model")
    days = _by_day(model, other)
    low = high = math.nan
    if len(days) >= 2 * BLOCK_DAYS:
        low, high = interval_of(_differences(drawn_sums(days, rounds, seed)))
    return Comparison(name, float(_differences(days.sum(axis=0))), low, high)


def _by_day(model: Forecasts, other: Forecasts) -> FloatArray:
    """A row per day of origins: the sums of both absolute errors, and of the absolute values."""
    known = ~np.isnan(model.actual)
    value = np.where(known, model.actual, 0.0)
    day = model.origins.astype("datetime64[D]").astype(np.int64)
    errors = (np.abs(forecasts.point - value) for forecasts in (model, other))
    sums = [np.where(known, error, 0.0).sum(axis=1) for error in errors]
    sums.append(np.abs(value).sum(axis=1))
    day = np.unique(day, return_inverse=True)[1]
    return np.stack([np.bincount(day, total) for total in sums], axis=1)


def _differences(sums: FloatArray) -> FloatArray:
    """The difference in WAPE, from the three sums in the last axis; NaN without values."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((sums[..., 0] - sums[..., 1]) / sums[..., 2])
