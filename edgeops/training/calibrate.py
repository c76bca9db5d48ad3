"""Conformal calibration of the interval between the outer quantiles.

Source: Romano, Patterson, Candès, "Conformalized Quantile Regression", 2019.
"""

from __future__ import annotations

import numpy as np

from edgeops.features.series import FloatArray


def margin(truth: FloatArray, low: FloatArray, high: FloatArray, coverage: float) -> float:
    """The margin by which to widen (narrow, if negative) the interval on both sides.

    The arrays have one shape; a NaN in `truth` is ignored. The margin is the
    `coverage` quantile, corrected for the sample size, of the distances of
    `truth` outside its interval (negative: inside).
    """
    outside = np.maximum(low - truth, truth - high)
    outside = outside[np.isfinite(outside)]
    level = min(1.0, coverage * (1 + 1 / len(outside)))
    return float(np.quantile(outside, level, method="higher"))
