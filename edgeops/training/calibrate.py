"""Making the interval between the outer quantiles hold what it says.

Source: Romano, Patterson, Candès, "Conformalized Quantile Regression", 2019.
"""

from __future__ import annotations

import numpy as np

from edgeops.features.series import FloatArray


def margin(truth: FloatArray, low: FloatArray, high: FloatArray, coverage: float) -> float:
    """By how much to widen (or, below 0, narrow) the interval on both sides.

    All of one shape; a truth of NaN does not count. The margin is the
    `coverage` quantile, corrected for the number of values, of how far outside
    its interval each truth lies (below 0: inside).
    """
    outside = np.maximum(low - truth, truth - high)
    outside = outside[np.isfinite(outside)]
    level = min(1.0, coverage * (1 + 1 / len(outside)))
    return float(np.quantile(outside, level, method="higher"))
