"""Whether a model has become worse on devices than when it was published. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from edgeops.health.pooled import pooled_days, pooled_score
from edgeops.health.quality import LiveModel
from edgeops.quality.bootstrap import BLOCK_DAYS, drawn_sums, interval_of
from edgeops.training.recipe import RetrainingSection

_ROUNDS, _SEED = 1000, 1
_FEWEST_DAYS = 2 * BLOCK_DAYS


class LiveStanding(StrEnum):
    """What is known of a release on devices."""

    DECAYED = "decayed"  # surely worse than the bound
    WELL = "well"
    TOO_EARLY = "too early"  # too few hours are scored
    NOT_PUBLISHED = "not published"  # no device has a release, or its release file has no figure


@dataclass(frozen=True, slots=True)
class Decay:
    """A release on devices, beside its own figure.

    `wape` is that of the last days of all its devices, `low` and `high` the ends of its 95 %
    interval; None where too little is scored. `hours` are the most that one device has scored,
    `bound` is the WAPE above which `low` must be. `naive` is the WAPE of the seasonal naive
    forecast.
    """

    standing: LiveStanding
    devices: int = 0
    hours: int = 0
    days: int = 0
    wape: float | None = None
    low: float | None = None
    high: float | None = None
    naive: float | None = None
    published: float | None = None
    bound: float | None = None

    @property
    def is_worse_than_naive(self) -> bool:
        """Whether the seasonal naive forecast would have been better."""
        return self.wape is not None and self.naive is not None and self.wape > self.naive


def decay_of(
    models: Sequence[LiveModel], published: float | None, retraining: RetrainingSection
) -> Decay:
    """Whether a release has decayed, from what devices report of it, and its own WAPE.

    It has if even the lower end of the interval of its WAPE is above `decay` times its own. The
    interval is from a bootstrap over days, so what is chance starts nothing.
    """
    scored = [model for model in models if model.last28 is not None and model.days is not None]
    sums = pooled_days((model.days for model in scored if model.days), retraining.days)
    if published is None:
        return Decay(LiveStanding.NOT_PUBLISHED, len(scored))
    bound = retraining.decay * published
    if sums is None:
        return Decay(LiveStanding.TOO_EARLY, published=published, bound=bound)
    days = np.array([sums.error, sums.value], np.float64).T
    hours, known = max(model.hours for model in scored), int((days[:, 1] > 0).sum())
    total, score = days.sum(axis=0), pooled_score(scored)
    found = Decay(
        LiveStanding.TOO_EARLY,
        len(scored),
        hours,
        known,
        float(total[0] / total[1]) if total[1] else None,
        naive=score.naive_wape if score else None,
        published=published,
        bound=bound,
    )
    if hours < retraining.min_hours or known < _FEWEST_DAYS:
        return found
    drawn = drawn_sums(days, _ROUNDS, _SEED)
    with np.errstate(invalid="ignore", divide="ignore"):
        low, high = interval_of(drawn[:, 0] / drawn[:, 1])
    standing = LiveStanding.DECAYED if low > bound else LiveStanding.WELL
    return replace(found, standing=standing, low=low, high=high)
