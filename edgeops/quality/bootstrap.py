"""How sure a mean error is: a block bootstrap over days.

Errors of neighbouring days are correlated, so blocks of seven days are drawn instead of single
days: moving blocks (Künsch 1989) in a circle, so that the first and last days are drawn as often
as the others (Politis & Romano 1992).
"""

from __future__ import annotations

import numpy as np

from edgeops.features.series import FloatArray

BLOCK_DAYS = 7
_PERCENTILES = (2.5, 97.5)


def drawn_sums(days: FloatArray, rounds: int, seed: int) -> FloatArray:
    """The sums over randomly drawn blocks, in total about as long as the data: a row a round.

    `days` has a row a day and a column a quantity.
    """
    circle = np.concatenate([days, days[: BLOCK_DAYS - 1]])
    blocks = np.lib.stride_tricks.sliding_window_view(circle, BLOCK_DAYS, axis=0).sum(axis=-1)
    count = round(len(days) / BLOCK_DAYS)
    start = np.random.default_rng(seed).integers(0, len(days), (rounds, count))
    return np.asarray(blocks[start].sum(axis=1))


def interval_of(drawn: FloatArray) -> tuple[float, float]:
    """The 95 % interval of drawn figures; NaN without finite ones."""
    drawn = drawn[np.isfinite(drawn)]
    if not len(drawn):
        return float("nan"), float("nan")
    low, high = map(float, np.percentile(drawn, _PERCENTILES))
    return low, high
