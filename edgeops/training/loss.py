"""The training loss, and the validation error of an epoch."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeops.features.unit import values_of
from edgeops.training.recipe import TrainingSection
from edgeops.training.training_data import Examples, FloatTensor

_LEAST_LEVEL = 0.02  # of the scale: the few people at night do not count without bound


def truth(data: Examples, rows: NDArray[np.int64]) -> FloatTensor:
    """Ratio and weight of these rows, n x horizon x 2; unknown values have the weight 0."""
    ratio, weight = data.ratio[rows], data.weight[rows]
    unknown = np.isnan(ratio)
    return np.stack([np.where(unknown, 0, ratio), np.where(unknown, 0, weight)], axis=-1)


def loss_of(
    kind: str, quantiles: Sequence[float], relative: float = 0
) -> Callable[[Any, Any], Any]:
    """The weighted mean loss: pinball (Koenker and Bassett 1978), absolute or squared.

    An error counts by the forecast to the power of minus `relative`. As that weight follows from
    the inputs alone, the quantiles that make the loss smallest are those of `relative` 0.
    """
    from keras import ops

    shares = np.array(quantiles, np.float32)
    median = list(quantiles).index(0.5)

    def loss(truth: Any, output: Any) -> Any:
        error = truth[:, :, 0:1] - output
        if kind == "pinball":
            share = ops.convert_to_tensor(shares)
            each = ops.maximum(share * error, (share - 1) * error)
        else:
            each = ops.abs(error) if kind == "mae" else ops.square(error)
        weight = truth[:, :, 1:2]
        total = ops.sum(weight) * len(shares) + 1e-9
        if relative:
            level = ops.abs(ops.stop_gradient(output[:, :, median : median + 1]))
            weight = weight * ops.maximum(level, _LEAST_LEVEL) ** -relative
        return ops.sum(each * weight) / total

    return loss


def wape_of(quantiles: Sequence[float], data: Examples, output: NDArray[np.float64]) -> float:
    """The WAPE of the median, as an evaluation defines it; NaN if all values are 0."""
    known = ~np.isnan(data.ratio)
    ratio = data.ratio.astype(np.float64)
    value = np.where(known, values_of(ratio * data.scale, data.unit), 0.0)
    point = values_of(output[:, :, list(quantiles).index(0.5)] * data.scale, data.unit)
    total = np.abs(value).sum()
    return float(np.abs(point - value)[known].sum() / total) if total else math.nan


def error_of(
    training: TrainingSection,
    quantiles: Sequence[float],
    data: Examples,
    output: NDArray[np.float64],
) -> float:
    """The weighted absolute error of the median, or the pinball loss, over the weighted ratio.

    The best epoch is chosen by it; `wape_of` is what people compare.
    """
    known = ~np.isnan(data.ratio)
    weight = np.where(known, data.weight, 0.0)
    error = np.where(known, data.ratio, 0.0)[:, :, None] - output
    if training.restore_best == "validation-loss":
        share = np.array(quantiles)
        each = np.maximum(share * error, (share - 1) * error).mean(axis=-1)
    else:
        each = np.abs(error[:, :, list(quantiles).index(0.5)])
    level = (np.where(known, data.ratio, 0.0) * weight).sum()
    return float((each * weight).sum() / level)
