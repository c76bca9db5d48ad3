"""Arithmetic along time that looks back only.

The result at a moment depends on the values of a fixed number of steps up to it, added in a
fixed order. So a short slice of a series gives the very bits that the whole series gives:
what a device computes is what the model was trained on. (Running sums would not.)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeops.features.series import FloatArray


def lagged(values: FloatArray, steps: int, fill: float = np.nan) -> FloatArray:
    """The values of `steps` steps ago; `fill` where there are none."""
    result = np.full_like(values, fill)
    if steps < len(values):
        result[steps:] = values[: len(values) - steps]
    return result


def moving_sum(values: FloatArray, steps: int) -> FloatArray:
    """The sum of the last `steps` values, this one included; what is before the first is 0."""
    total = np.zeros_like(values)
    block, width, done = values, 1, 0  # block: the sum of the last `width` values
    while True:
        if steps & width:
            total = total + lagged(block, done, 0.0)
            done += width
        if 2 * width > steps:
            return total
        block = block + lagged(block, width, 0.0)
        width *= 2


def moving_mean(values: FloatArray, steps: int) -> FloatArray:
    """The mean of those of the last `steps` values that are not missing; NaN if all are."""
    known = ~np.isnan(values)
    total = moving_sum(np.where(known, values, 0.0), steps)
    return _ratio(total, moving_sum(known.astype(np.float64), steps))


def moving_std(values: FloatArray, steps: int) -> FloatArray:
    """The standard deviation of the last `steps` values that are not missing; NaN if all are."""
    mean = moving_mean(values, steps)
    variance = moving_mean(values * values, steps) - mean * mean
    return np.sqrt(np.maximum(variance, 0.0))


def exponential_mean(values: FloatArray, half_life: float) -> FloatArray:
    """The mean with weights that halve every `half_life` steps; missing values have none.

    It looks back `exponential_reach(half_life)` steps and no further.
    """
    known = ~np.isnan(values)
    total, weight = np.where(known, values, 0.0), known.astype(np.float64)
    width = 1
    while width < exponential_reach(half_life):
        shrink = 0.5 ** (width / half_life)
        total = total + shrink * lagged(total, width, 0.0)
        weight = weight + shrink * lagged(weight, width, 0.0)
        width *= 2
    return _ratio(total, weight)


def exponential_reach(half_life: float) -> int:
    """How many steps `exponential_mean` adds up: a power of two, at least 8 half-lives."""
    return int(2 ** np.ceil(np.log2(8 * half_life)))


def median(rows: Sequence[FloatArray]) -> FloatArray:
    """The median across rows of those values that are not missing; NaN if all are."""
    ordered = np.sort(np.stack(rows), axis=0)  # NaN comes last
    known = (~np.isnan(ordered)).sum(axis=0)
    columns = np.arange(ordered.shape[1])
    middle: FloatArray = (
        ordered[np.maximum(known - 1, 0) // 2, columns]
        + ordered[np.minimum(known // 2, len(ordered) - 1), columns]
    ) / 2
    return np.where(known > 0, middle, np.nan)


def mean(rows: Sequence[FloatArray]) -> FloatArray:
    """The mean across rows of those values that are not missing; NaN if all are."""
    known = [~np.isnan(row) for row in rows]
    total = np.zeros_like(rows[0])
    count = np.zeros_like(rows[0])
    for row, is_known in zip(rows, known, strict=True):
        total += np.where(is_known, row, 0.0)
        count += is_known
    return _ratio(total, count)


def spread(rows: Sequence[FloatArray]) -> FloatArray:
    """The largest less the smallest value across rows; NaN if all are missing."""
    stack = np.stack(rows)
    largest = np.fmax.reduce(stack, axis=0)
    smallest: FloatArray = np.fmin.reduce(stack, axis=0)
    return np.asarray(largest - smallest, dtype=np.float64)


def _ratio(total: FloatArray, count: FloatArray) -> FloatArray:
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
