"""Decides which ring gets a release next. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import dropwhile, takewhile

from edgeops.health.device import HealthState
from edgeops.health.slot import SlotHealth
from edgeops.promotion.rings import Ring


class Step(StrEnum):
    """The next step for a slot."""

    DEGRADED = "degraded"  # too many devices with its release are Degraded
    HOLD = "hold"  # too few devices have been healthy for the soak time
    PROMOTE = "promote"  # the next ring gets it
    DONE = "done"  # every ring has it


@dataclass(frozen=True, slots=True)
class RolloutState:
    """The rollout of a slot: the rings that have its release, and the rings after them.

    The release is that of the first ring that sets the slot.
    """

    slot: str
    release: str
    having: tuple[Ring, ...]
    rest: tuple[Ring, ...]

    @property
    def witnesses(self) -> tuple[str, ...]:
        """The devices whose health decides; empty when every ring has the release."""
        return tuple(name for ring in self.having for name in ring.devices if self.rest)


@dataclass(frozen=True, slots=True)
class UnhealthyDevice:
    """A device that was not healthy for the soak time; `ran` is how long it has run the model."""

    device: str
    state: HealthState
    text: str
    ran: timedelta | None


@dataclass(frozen=True, slots=True)
class RingHealth:
    """A ring, the number of its devices that must be healthy, and those that are not."""

    ring: Ring
    step: Step
    needed: int
    unhealthy: tuple[UnhealthyDevice, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision for a slot; `ring` is the ring that decided it, None if all rings are done."""

    rollout: RolloutState
    step: Step
    ring: RingHealth | None = None

    @property
    def to(self) -> str | None:
        """The group that gets the release next; None when every ring has it."""
        return self.rollout.rest[0].group if self.rollout.rest else None

    @property
    def back_to(self) -> str | None:
        """The release of a later ring, which can replace a Degraded one; None if there is none."""
        return next((ring.release for ring in self.rollout.rest if ring.release is not None), None)


def rollout_state(slot: str, rings: Sequence[Ring]) -> RolloutState | None:
    """The rollout state of a slot; None when no ring sets the slot."""
    chain = list(dropwhile(lambda ring: ring.release is None, rings))
    if not chain or (release := chain[0].release) is None:
        return None
    having = tuple(takewhile(lambda ring: ring.release == release, chain))
    return RolloutState(slot, release, having, tuple(chain[len(having) :]))


def decide(rollout: RolloutState, states: Mapping[str, SlotHealth], now: datetime) -> Decision:
    """Whether the next ring gets the release, from the states of the witnesses.

    It does if, in every ring before, at least `minHealthy` percent of the devices
    are Converged and have run the model for the soak time. A ring is Degraded if
    so many devices are Degraded that `minHealthy` cannot be reached. A ring
    without devices holds the release.
    """
    if not rollout.rest:
        return Decision(rollout, Step.DONE)
    worst_first = list(Step)
    ring_health = [_ring_health(ring, states, now) for ring in reversed(rollout.having)]
    worst = min(ring_health, key=lambda ring: worst_first.index(ring.step))
    return Decision(rollout, worst.step, worst)


def _ring_health(ring: Ring, states: Mapping[str, SlotHealth], now: datetime) -> RingHealth:
    total = len(ring.devices)
    needed = -(-total * ring.rollout.min_healthy // 100)  # rounded up
    unhealthy = []
    for device in ring.devices:
        state = states[device]
        ran = max(now - state.since, timedelta()) if state.since else None
        healthy = state.health.state is HealthState.CONVERGED
        if not healthy or ran is None or ran < ring.rollout.soak:
            unhealthy.append(UnhealthyDevice(device, state.health.state, state.health.reason, ran))
    degraded = sum(device.state is HealthState.DEGRADED for device in unhealthy)
    if degraded > total - needed:
        step = Step.DEGRADED
    elif total and total - len(unhealthy) >= needed:
        step = Step.PROMOTE
    else:
        step = Step.HOLD
    return RingHealth(ring, step, needed, tuple(unhealthy))
