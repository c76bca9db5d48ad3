"""The definitions of the error metrics, in original units.

WAPE is the sum of all errors over the sum of all values. MAE, sMAPE and MAPE
are as in Hyndman & Koehler, "Another look at measures of forecast accuracy"
(2006), which MASE is from; sMAPE divides by the mean of value and forecast,
so that it lies between 0 and 2. Pinball is the quantile loss of Koenker &
Bassett (1978), the mean over the quantiles.

MAPE divides by the observed value: a forecast of 2 people where there is 1 is
wrong by 100 %, and 0 people have no MAPE. So values below `SMALL` are left out
of MAPE, and only of MAPE, and counted: with 20 people, chance alone makes an
error of about a fifth (1 / sqrt(20)). Where the unit of a series is not that of
counts, it is 20 of them. WAPE needs no such rule.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from edgeops.features.series import FloatArray, IntArray
from edgeops.training.evaluate.scorecard import Score

SMALL = 20.0


def mase_scale(history: FloatArray, train_rows: IntArray, season_steps: int) -> float:
    """The mean absolute error of the seasonal naive forecast in training; NaN without values.

    `history` is the whole series by step, `train_rows` the indexes of the training
    steps, `season_steps` the length of the season. (Hyndman & Koehler 2006.)
    """
    rows = train_rows[train_rows >= season_steps]
    errors = np.abs(history[rows] - history[rows - season_steps])
    known = errors[~np.isnan(errors)]
    return float(known.mean()) if len(known) else math.nan


def score(
    actual: FloatArray,
    values: FloatArray,
    quantiles: tuple[float, ...],
    scale: float | FloatArray,
    small: float = SMALL,
) -> Score:
    """The score of forecasts where `actual` is known (not NaN).

    `actual` has the shape (n, horizon), `values` (n, horizon, quantiles); the
    quantiles are in ascending order and include 0.5. `scale` is that of MASE, a
    number or one per row (n, 1). A metric with a divisor of 0 is NaN.
    """
    by_name = terms(actual, values, quantiles, scale, small)
    return score_of({name: float(term.sum()) for name, term in by_name.items()})


def terms(
    actual: FloatArray,
    values: FloatArray,
    quantiles: tuple[float, ...],
    scale: float | FloatArray,
    small: float = SMALL,
) -> dict[str, FloatArray]:
    """The summands of the metrics: an array (n, horizon) each, 0 where unknown.

    `score_of` makes a score of their sums over any cells. Arguments as for `score`.
    """
    known = ~np.isnan(actual)
    value = np.where(known, actual, 0.0)
    point = np.where(known, values[:, :, quantiles.index(0.5)], 0.0)
    error, size = np.abs(point - value), np.abs(value)
    large = known & (size >= small) & (size > 0)
    by_name = {
        "count": known.astype(np.float64),
        "value": size,
        "error": error,
        "scaled": error / scale if np.all(np.asarray(scale) > 0) else np.full_like(error, np.nan),
        "symmetric": _divided(2 * error, np.abs(point) + size),
        "large": large.astype(np.float64),
        "relative": _divided(error, size, large),
    }
    if len(quantiles) > 1:
        low, high = values[:, :, 0], values[:, :, -1]
        by_name["inside"] = (known & (low <= value) & (value <= high)).astype(np.float64)
        by_name["width"] = np.where(known, high - low, 0.0)
        by_name["pinball"] = np.where(known, _pinball(value, values, quantiles), 0.0)
    return by_name


def score_of(sums: Mapping[str, float]) -> Score:
    """The score from the sums of the `terms`."""
    count, value, large = sums["count"], sums["value"], sums["large"]
    interval = "inside" in sums
    return Score(
        count=round(count),
        wape=_share(sums["error"], value),
        mae=_share(sums["error"], count),
        mase=_share(sums["scaled"], count),
        smape=_share(sums["symmetric"], count),
        mape=_share(sums["relative"], large),
        mape_excluded=round(count - large),
        pinball=_share(sums["pinball"], count) if interval else None,
        coverage=_share(sums["inside"], count) if interval else None,
        width=_share(sums["width"], value) if interval else None,
    )


def _pinball(value: FloatArray, values: FloatArray, quantiles: tuple[float, ...]) -> FloatArray:
    total = np.zeros_like(value)
    for index, quantile in enumerate(quantiles):
        over = value - values[:, :, index]
        total += np.maximum(quantile * over, (quantile - 1) * over)
    return total / len(quantiles)


def _divided(above: FloatArray, below: FloatArray, where: np.ndarray | None = None) -> FloatArray:
    where = below > 0 if where is None else where
    return np.divide(above, below, out=np.zeros_like(above), where=where)


def _share(part: float, whole: float) -> float:
    return part / whole if whole else math.nan
