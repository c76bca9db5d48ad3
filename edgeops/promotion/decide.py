"""Which ring gets a release next: the decision, without doing anything."""

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
    """What is to happen with a slot."""

    DEGRADED = "degraded"  # devices show that its release is not good
    HOLD = "hold"  # not enough of them have shown yet that it is
    PROMOTE = "promote"  # the next ring gets it
    DONE = "done"  # every ring has it


@dataclass(frozen=True, slots=True)
class RolloutState:
    """How far the release of a slot has come: the rings that have it, and those after them.

    The release is that of the first ring that has one.
    """

    slot: str
    release: str
    having: tuple[Ring, ...]
    rest: tuple[Ring, ...]

    @property
    def witnesses(self) -> tuple[str, ...]:
        """The devices that must show that it is good; none when every ring has it."""
        return tuple(name for ring in self.having for name in ring.devices if self.rest)


@dataclass(frozen=True, slots=True)
class UnhealthyDevice:
    """A device that was not healthy for the whole soak time; `ran` is how long it has the model."""

    device: str
    state: HealthState
    text: str
    ran: timedelta | None


@dataclass(frozen=True, slots=True)
class RingHealth:
    """A ring: `needed` of its devices must be healthy; `unhealthy` are those that are not."""

    ring: Ring
    step: Step
    needed: int
    unhealthy: tuple[UnhealthyDevice, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What happens with a slot; `ring` is the one that decided it, None when all is done."""

    rollout: RolloutState
    step: Step
    ring: RingHealth | None = None

    @property
    def to(self) -> str | None:
        """The group that has, or would get, the release next; None when every ring has it."""
        return self.rollout.rest[0].group if self.rollout.rest else None

    @property
    def back_to(self) -> str | None:
        """The release that a later ring still runs, which a bad one can be replaced by."""
        return next((ring.release for ring in self.rollout.rest if ring.release is not None), None)


def rollout_state(slot: str, rings: Sequence[Ring]) -> RolloutState | None:
    """How far the release of a slot has come; None when no ring sets the slot."""
    chain = list(dropwhile(lambda ring: ring.release is None, rings))
    if not chain or (release := chain[0].release) is None:
        return None
    having = tuple(takewhile(lambda ring: ring.release == release, chain))
    return RolloutState(slot, release, having, tuple(chain[len(having) :]))


def decide(rollout: RolloutState, states: Mapping[str, SlotHealth], now: datetime) -> Decision:
    """Whether the first ring without the release gets it, from the states of the witnesses.

    It does when every ring before it is good: at least `minHealthy` of its
    devices are Converged and have had the model for the soak time; the others
    may be offline or on their way. A ring is Degraded when more devices are
    than `minHealthy` leaves. A ring without devices shows nothing.
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
