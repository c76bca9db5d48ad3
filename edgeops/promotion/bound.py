"""Whether the live quality of a release meets the bound of a ring. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from edgeops.fleet.kinds import QualityBound
from edgeops.health.pooled import PooledBefore, pooled_before, pooled_score
from edgeops.health.quality import LiveScore, SlotQuality
from edgeops.health.since import ValueHealth

_LEAST_SHARE = 0.5  # of the devices of a ring, before they speak for it


class Lacking(StrEnum):
    """What is wrong with the live quality of a release on a device."""

    HOURS = "hours"  # too few are scored
    NAIVE = "naive"  # no error of the naive forecast is reported
    WAPE = "wape"  # the error is too large
    VERSUS_NAIVE = "versus naive"  # it is too large relative to that of the naive forecast


@dataclass(frozen=True, slots=True)
class Shortfall:
    """Why a device does not meet the bound of its ring: the figure, and the bound on it.

    `reason` is what the device says of why nothing is scored.
    """

    lacking: Lacking
    figure: float
    bound: float
    reason: str = ""

    @property
    def is_beyond(self) -> bool:
        """Whether the release is too bad, so that the device counts as Degraded does."""
        return self.lacking in (Lacking.WAPE, Lacking.VERSUS_NAIVE)


@dataclass(frozen=True, slots=True)
class RingQuality:
    """The live quality of a release in a ring.

    `score` is that of all devices with enough hours; `before` compares it with the release before,
    on at least half of the devices; `by_device` says what is lacking, where anything is.
    """

    bound: QualityBound
    score: LiveScore | None
    before: PooledBefore | None
    by_device: Mapping[str, Shortfall]

    @property
    def is_worse(self) -> bool:
        """Whether the release is surely worse than the one before, and the ring forbids it."""
        return self.bound.no_worse and self.before is not None and self.before.is_worse


def ring_quality(
    bound: QualityBound | None, devices: Sequence[str], states: Mapping[str, ValueHealth]
) -> RingQuality | None:
    """The live quality of a release on the devices of a ring.

    None if the ring has no bound, or if nobody scores the release on any of its devices.
    """
    if bound is None or not any(states[device].scored for device in devices):
        return None
    said = [quality for device in devices if (quality := states[device].quality)]
    enough = [each for each in said if each.hours >= bound.min_hours]
    compared = [
        (each.wanted, each.before) for each in enough if each.wanted is not None and each.before
    ]
    before = pooled_before(compared)
    if before is not None and before.devices < _LEAST_SHARE * len(devices):
        before = None
    return RingQuality(
        bound,
        pooled_score([each.wanted for each in enough if each.wanted is not None]),
        before,
        {
            device: lack
            for device in devices
            if (lack := _shortfall(bound, states[device].quality)) is not None
        },
    )


def _shortfall(bound: QualityBound, quality: SlotQuality | None) -> Shortfall | None:
    score = quality.wanted.last28 if quality and quality.wanted else None
    if score is None or score.hours < bound.min_hours:
        reason = quality.report.reason if quality else ""
        hours = score.hours if score else 0
        return Shortfall(Lacking.HOURS, hours, bound.min_hours, reason)
    if bound.max_wape is not None and score.wape > bound.max_wape:
        return Shortfall(Lacking.WAPE, score.wape, bound.max_wape)
    if bound.versus_naive is None:
        return None
    if score.versus_naive is None:
        return Shortfall(Lacking.NAIVE, score.wape, bound.versus_naive)
    if score.versus_naive > bound.versus_naive:
        return Shortfall(Lacking.VERSUS_NAIVE, score.versus_naive, bound.versus_naive)
    return None
