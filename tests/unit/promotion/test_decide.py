"""When a release goes to the next ring, when it waits, and when it goes back."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.fleet.kinds import Rollout
from edgeops.health.device import Health, HealthState
from edgeops.health.since import ValueHealth
from edgeops.promotion.decide import Step, decide, rollout_state
from edgeops.promotion.rings import Ring
from edgeops.promotion.value import UNSET

SLOT = ("models", "s")
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def ring(group, release, *devices, min_healthy=100):
    return Ring(group, Rollout(1, DAY, min_healthy), release, devices)


def healthy(ran=DAY):
    return ValueHealth(Health(HealthState.CONVERGED), NOW - ran)


def ill(state, reason="why"):
    return ValueHealth(Health(state, reason), NOW - DAY)


def decided(rings, **states):
    rollout = rollout_state(SLOT, rings)
    assert rollout is not None
    return decide(rollout, states, NOW)


def two(first="b", second="a", **options):
    return [ring("canary", first, "d1", "d2", **options), ring("all", second, "d3")]


def test_the_next_ring_gets_a_release_that_was_healthy_for_the_soak_time():
    decision = decided(two(), d1=healthy(), d2=healthy(DAY * 2))
    assert (decision.step, decision.to, decision.rollout.value) == (Step.PROMOTE, "all", "b")


@pytest.mark.parametrize(
    ("state", "ran"),
    [
        (healthy(DAY - timedelta(seconds=1)), DAY - timedelta(seconds=1)),
        (healthy(-DAY), timedelta()),  # its clock is ahead
        (ValueHealth(Health(HealthState.CONVERGED)), None),
        (ill(HealthState.OFFLINE), DAY),
        (ill(HealthState.PROGRESSING), DAY),
        (ill(HealthState.UNKNOWN), DAY),
    ],
)
def test_one_device_that_has_not_shown_it_yet_holds_the_release(state, ran):
    decision = decided(two(), d1=healthy(), d2=state)
    assert decision.step is Step.HOLD
    assert decision.ring is not None
    assert [(device.device, device.ran) for device in decision.ring.unhealthy] == [("d2", ran)]


def test_min_healthy_lets_some_devices_be_offline_or_degraded():
    devices = [f"d{number}" for number in range(10)]
    rings = [ring("canary", "b", *devices, min_healthy=85), ring("all", "a")]
    states = dict.fromkeys(devices, healthy())
    for state in (HealthState.OFFLINE, HealthState.DEGRADED):
        assert decided(rings, **(states | {"d0": ill(state)})).step is Step.PROMOTE
    assert decided(
        rings, **(states | {"d0": ill(HealthState.OFFLINE), "d1": ill(HealthState.OFFLINE)})
    ).step is (Step.HOLD)
    assert decided(
        rings, **(states | {"d0": ill(HealthState.DEGRADED), "d1": ill(HealthState.DEGRADED)})
    ).step is (Step.DEGRADED)


def test_a_degraded_ring_goes_back_to_what_a_later_one_runs():
    rings = [*two(second=UNSET), ring("rest", "a")]
    decision = decided(rings, d1=healthy(), d2=ill(HealthState.DEGRADED, "model s: LoadTestFailed"))
    assert (decision.step, decision.back_to) == (Step.DEGRADED, "a")
    alone = decided(two(second=UNSET), d1=healthy(), d2=ill(HealthState.DEGRADED))
    assert (alone.step, alone.back_to) == (Step.DEGRADED, UNSET)


def test_every_ring_before_must_be_good_not_only_the_last():
    rings = [ring("canary", "b", "d1"), ring("half", "b", "d2"), ring("all", "a", "d3")]
    decision = decided(rings, d1=ill(HealthState.DEGRADED), d2=healthy())
    assert decision.step is Step.DEGRADED
    assert decision.ring is not None
    assert decision.ring.ring.group == "canary"
    assert decided(rings, d1=healthy(), d2=healthy()).to == "all"


def test_a_ring_without_devices_shows_nothing():
    assert decided([ring("canary", "b"), ring("all", "a", "d1")]).step is Step.HOLD


def test_when_every_ring_has_it_no_device_is_asked():
    rollout = rollout_state(SLOT, [ring("canary", "b", "d1"), ring("all", "b", "d2")])
    assert rollout is not None
    assert rollout.witnesses == ()
    assert decide(rollout, {}, NOW).step is Step.DONE


def test_a_rollout_begins_at_the_first_ring_with_a_release():
    assert rollout_state(SLOT, [ring("canary", UNSET), ring("all", UNSET)]) is None
    rollout = rollout_state(
        SLOT, [ring("canary", UNSET), ring("half", "a", "d2"), ring("all", UNSET)]
    )
    assert rollout is not None
    assert (rollout.witnesses, [later.group for later in rollout.rest]) == (("d2",), ["all"])


STATES = st.builds(
    ValueHealth,
    st.builds(Health, st.sampled_from(HealthState)),
    st.none() | st.timedeltas(-DAY, 3 * DAY).map(lambda ran: NOW - ran),
)


@given(st.lists(STATES, min_size=1, max_size=12), st.integers(1, 100))
def test_a_release_goes_on_only_with_enough_healthy_devices(states, percent):
    names = [f"d{number}" for number in range(len(states))]
    rings = [ring("canary", "b", *names, min_healthy=percent), ring("all", "a")]
    decision = decided(rings, **dict(zip(names, states, strict=True)))
    good = [
        slot
        for slot in states
        if slot.health.state is HealthState.CONVERGED and slot.since and slot.since <= NOW - DAY
    ]
    assert (decision.step is Step.PROMOTE) == (len(good) / len(states) >= percent / 100)
    assert decision.ring is not None
    assert len(decision.ring.unhealthy) == len(states) - len(good)
    degraded = sum(slot.health.state is HealthState.DEGRADED for slot in states)
    assert (decision.step is Step.DEGRADED) == (degraded > len(states) - decision.ring.needed)
