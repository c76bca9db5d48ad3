"""Decides which ring gets a value next, such as the release of a slot. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import dropwhile, takewhile
from typing import Any

from edgeops.fleet.layers import Path
from edgeops.health.device import HealthState
from edgeops.health.since import ValueHealth
from edgeops.jsonvalue import same
from edgeops.promotion.bound import RingQuality, Shortfall, ring_quality
from edgeops.promotion.rings import Ring
from edgeops.promotion.value import UNSET


class Step(StrEnum):
    """The next step for a value."""

    DEGRADED = "degraded"  # too many devices with it are Degraded
    HOLD = "hold"  # too few devices have been healthy for the soak time
    PROMOTE = "promote"  # the next ring gets it
    DONE = "done"  # every ring has it


@dataclass(frozen=True, slots=True)
class RolloutState:
    """The rollout of a value: the rings that have it, and the rings after them.

    The value is that of the first ring that sets the path.
    """

    path: Path
    value: Any
    having: tuple[Ring, ...]
    rest: tuple[Ring, ...]

    @property
    def witnesses(self) -> tuple[str, ...]:
        """The devices whose health decides; empty when every ring has the value."""
        return tuple(name for ring in self.having for name in ring.devices if self.rest)


@dataclass(frozen=True, slots=True)
class UnhealthyDevice:
    """A device that was not healthy for the soak time; `ran` is how long it has had the value.

    Or whose live quality does not meet the bound of the ring, as `shortfall` says.
    """

    device: str
    state: HealthState
    text: str
    ran: timedelta | None
    shortfall: Shortfall | None = None

    @property
    def is_degraded(self) -> bool:
        """Whether it counts as Degraded."""
        beyond = self.shortfall is not None and self.shortfall.is_beyond
        return beyond or self.state is HealthState.DEGRADED


@dataclass(frozen=True, slots=True)
class RingHealth:
    """A ring, the number of its devices that must be healthy, and those that are not.

    `quality` is how good the release is there, None if that does not count.
    """

    ring: Ring
    step: Step
    needed: int
    unhealthy: tuple[UnhealthyDevice, ...] = ()
    quality: RingQuality | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision for a value; `ring` is the ring that decided it, None if all rings are done."""

    rollout: RolloutState
    step: Step
    ring: RingHealth | None = None

    @property
    def to(self) -> str | None:
        """The group that gets the value next; None when every ring has it."""
        return self.rollout.rest[0].group if self.rollout.rest else None

    @property
    def back_to(self) -> Any:
        """The value of a later ring, which can replace a Degraded one; UNSET if there is none."""
        return next((ring.value for ring in self.rollout.rest if ring.value is not UNSET), UNSET)


def rollout_state(path: Path, rings: Sequence[Ring]) -> RolloutState | None:
    """The rollout of the value at a path; None when no ring sets it."""
    chain = list(dropwhile(lambda ring: ring.value is UNSET, rings))
    if not chain:
        return None
    value = chain[0].value
    having = tuple(takewhile(lambda ring: same(ring.value, value), chain))
    return RolloutState(path, value, having, tuple(chain[len(having) :]))


def decide(rollout: RolloutState, states: Mapping[str, ValueHealth], now: datetime) -> Decision:
    """Whether the next ring gets the value, from the states of the witnesses.

    It does if, in every ring before, at least `minHealthy` percent of the devices
    are Converged, have had the value for the soak time, and meet the bound of the ring on the
    live quality of a release. A ring is Degraded if so many devices are Degraded, or beyond
    the bound, that `minHealthy` cannot be reached, or if a release is surely worse than the one
    before. A ring without devices holds the value.
    """
    if not rollout.rest:
        return Decision(rollout, Step.DONE)
    worst_first = list(Step)
    ring_health = [_ring_health(ring, states, now) for ring in reversed(rollout.having)]
    worst = min(ring_health, key=lambda ring: worst_first.index(ring.step))
    return Decision(rollout, worst.step, worst)


def _ring_health(ring: Ring, states: Mapping[str, ValueHealth], now: datetime) -> RingHealth:
    total = len(ring.devices)
    needed = -(-total * ring.rollout.min_healthy // 100)  # rounded up
    quality = ring_quality(ring.rollout.quality, ring.devices, states)
    shortfalls = quality.by_device if quality else {}
    unhealthy = []
    for device in ring.devices:
        state, lack = states[device], shortfalls.get(device)
        ran = max(now - state.since, timedelta()) if state.since else None
        healthy = state.health.state is HealthState.CONVERGED and lack is None
        if not healthy or ran is None or ran < ring.rollout.soak:
            health = state.health
            unhealthy.append(UnhealthyDevice(device, health.state, health.reason, ran, lack))
    degraded = sum(device.is_degraded for device in unhealthy)
    if degraded > total - needed or (quality and quality.is_worse):
        step = Step.DEGRADED
    elif total and total - len(unhealthy) >= needed:
        step = Step.PROMOTE
    else:
        step = Step.HOLD
    return RingHealth(ring, step, needed, tuple(unhealthy), quality)
