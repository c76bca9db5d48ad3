"""Figures of live quality as short texts and as JSON."""

from __future__ import annotations

from edgeops.fleet.kinds import QualityBound
from edgeops.fleet.secrets import mask
from edgeops.health.pooled import PooledBefore
from edgeops.health.quality import LiveScore
from edgeops.jsonvalue import JsonObject
from edgeops.promotion.bound import Lacking, RingQuality, Shortfall

NOTHING = "–"  # stands for a missing figure


def share(figure: float | None, digits: int = 2) -> str:
    """`7.45%` for 0.0745."""
    return NOTHING if figure is None else f"{figure:,.{digits}%}"


def ratio(figure: float | None) -> str:
    """`0.65`."""
    return NOTHING if figure is None else f"{figure:,.2f}"


def score_words(score: LiveScore) -> str:
    """`live WAPE 7.31%, seasonal naive forecast 11.02%`."""
    naive = score.naive_wape
    more = "" if naive is None else f", seasonal naive forecast {share(naive)}"
    return f"live WAPE {share(score.wape)}{more}"


def bound_words(bound: QualityBound) -> str:
    """What must be so on a device: `score 48 h with a live WAPE of at most 9.00%`."""
    limits = []
    if bound.max_wape is not None:
        limits.append(f"of at most {share(bound.max_wape)}")
    if bound.versus_naive is not None:
        limits.append(f"of at most {ratio(bound.versus_naive)} times the naive one")
    more = f" with a live WAPE {' and '.join(limits)}" if limits else ""
    return f"have scored {bound.min_hours} h{more}"


def shortfall_words(lack: Shortfall) -> str:
    """What is lacking on a device: the figure and the bound."""
    if lack.lacking is Lacking.HOURS:
        why = f" ({lack.reason})" if lack.reason else ""
        return f"has scored {lack.figure:.0f} h of {lack.bound:.0f} h{why}"
    if lack.lacking is Lacking.NAIVE:
        return "reports no error of the seasonal naive forecast"
    if lack.lacking is Lacking.WAPE:
        return f"live WAPE {share(lack.figure)}, at most {share(lack.bound)}"
    return f"live WAPE is {ratio(lack.figure)} times the naive one, at most {ratio(lack.bound)}"


def before_words(before: PooledBefore) -> str:
    """A release and the one before it on the same hours, with the interval of the difference."""
    low, high = 100 * before.low, 100 * before.high
    return (
        f"live WAPE {share(before.wape)}, before {share(before.before_wape)} on the same hours"
        f" (difference {low:+.2f} to {high:+.2f} points, 95% interval)"
    )


def shortfall_object(lack: Shortfall) -> JsonObject:
    """What is lacking on a device, as JSON."""
    said: JsonObject = {"lacking": lack.lacking.value, "figure": lack.figure, "bound": lack.bound}
    return said | ({"reason": mask(lack.reason)} if lack.reason else {})


def quality_object(quality: RingQuality) -> JsonObject:
    """The live quality of a release in a ring, as JSON."""
    before = quality.before
    return {
        "score": score_object(quality.score),
        "before": before
        and {
            "sha256": before.sha256,
            "devices": before.devices,
            "wape": before.wape,
            "beforeWape": before.before_wape,
            "low": before.low,
            "high": before.high,
        },
        "worse": quality.is_worse,
    }


def score_object(score: LiveScore | None) -> JsonObject | None:
    """The figures of 28 days, as JSON; null without any."""
    if score is None:
        return None
    return {
        "hours": score.hours,
        "wape": score.wape,
        "naiveWape": score.naive_wape,
        "bias": score.bias,
        "coverage": score.coverage,
    }
