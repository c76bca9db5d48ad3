"""A ring that requires live quality: when a release waits for it, and when it goes back."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.api.promotions import Promotion
from edgeops.fleet.kinds import QualityBound, Rollout, rollout
from edgeops.health.device import Health, HealthState
from edgeops.health.pooled import pooled_before, pooled_days, pooled_score
from edgeops.health.quality import (
    DailySums,
    LiveBefore,
    LiveModel,
    LiveQuality,
    LiveScore,
    SlotQuality,
)
from edgeops.health.since import ValueHealth
from edgeops.promotion.bound import Lacking
from edgeops.promotion.decide import Step, decide, rollout_state
from edgeops.promotion.rings import Ring
from edgeops.report import promote_text

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)
NEW, OLD = "a" * 64, "b" * 64
BOUND = QualityBound(48, 0.09, 0.8)


def model(wape=0.07, naive=0.11, hours=200, value=None):
    days = DailySums(date(2026, 11, 24), (wape * value,), (value,)) if value else None
    return LiveModel(NEW, last28=LiveScore(hours, wape, 0.01, naive, 0.8), days=days)


def state(wape=0.07, naive=0.11, hours=200, *, value=None, before=None, health="Converged"):
    """A device that has the release for a day and reports this of it."""
    found = model(wape, naive, hours, value)
    said = SlotQuality(LiveQuality("f", (found,)), found, (), before)
    return ValueHealth(Health(HealthState(health)), NOW - DAY, said, True)


def silent(reason="", *, scored=True):
    said = SlotQuality(LiveQuality("f", reason=reason)) if reason else None
    return ValueHealth(Health(HealthState.CONVERGED), NOW - DAY, said, scored)


def before(difference, low=None, high=None):
    return LiveBefore(OLD, 400, 0.08 + difference, 0.08, difference, low, high)


def decided(*states, bound=BOUND, min_healthy=100, path=("models", "s")):
    names = [f"d{at}" for at in range(len(states))]
    canary = Ring("canary", Rollout(1, DAY, min_healthy, quality=bound), "m@2", tuple(names))
    rollout = rollout_state(path, [canary, Ring("all", Rollout(2, DAY, 100), "m@1", ("z",))])
    assert rollout is not None
    return decide(rollout, dict(zip(names, states, strict=True)), NOW)


def said(decision):
    return promote_text.text(Promotion((), {}, (decision,))).splitlines()


def test_a_release_goes_on_once_it_has_scored_well_on_enough_devices():
    decision = decided(state(), state(0.08))
    assert decision.step is Step.PROMOTE
    assert said(decision) == [
        "s: all gets m@2 after 2 devices of canary were healthy with it for 24 h;"
        " live WAPE 7.50%, seasonal naive forecast 11.00%"
    ]


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (state(hours=47), "Converged: has scored 47 h of 48 h"),
        (silent(), "Converged: has scored 0 h of 48 h"),
        (silent("no values yet"), "Converged: has scored 0 h of 48 h (no values yet)"),
        (state(naive=None), "Converged: reports no error of the seasonal naive forecast"),
        (state(naive=0.0), "Converged: reports no error of the seasonal naive forecast"),
        (state(hours=10, wape=0.5), "Converged: has scored 10 h of 48 h"),  # too early to say
    ],
)
def test_it_waits_for_a_device_that_has_not_scored_it_yet(other, why):
    decision = decided(state(), other)
    assert decision.step is Step.HOLD
    assert said(decision) == [
        "s: all waits for m@2: 2 of 2 devices in canary must be healthy with it for 24 h,"
        " and have scored 48 h with a live WAPE of at most 9.00% and of at most 0.80 times the"
        " naive one",
        f"  d1   {why}",
    ]
    assert decided(state(), other, min_healthy=50).step is Step.PROMOTE


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (state(0.0901), "Converged: live WAPE 9.01%, at most 9.00%"),
        (
            state(0.0899, 0.11),
            "Converged: live WAPE is 0.82 times the naive one, at most 0.80",
        ),
        (state(0.2, health="Offline"), "Offline: live WAPE 20.00%, at most 9.00%"),
    ],
)
def test_a_device_beyond_the_bound_counts_as_degraded(other, why):
    decision = decided(state(), other)
    assert (decision.step, decision.back_to) == (Step.DEGRADED, "m@1")
    assert said(decision) == ["s: m@2 is Degraded in canary", f"  d1   {why}"]
    assert decided(state(), other, min_healthy=50).step is Step.PROMOTE


def test_a_release_that_is_surely_worse_than_the_one_before_goes_back():
    worse = state(before=before(0.01, 0.002, 0.018))
    decision = decided(worse, worse)
    assert decision.step is Step.DEGRADED
    assert said(decision)[0] == (
        "s: m@2 is worse than the release before in canary: live WAPE 9.00%, before 8.00% on the"
        " same hours (difference +0.20 to +1.80 points, 95% interval)"
    )
    allowed = QualityBound(48, 0.09, 0.8, no_worse=False)
    assert decided(worse, worse, bound=allowed).step is Step.PROMOTE
    assert decided(worse, worse, bound=None).step is Step.PROMOTE


@pytest.mark.parametrize(
    "others",
    [
        (before(0.01, -0.002, 0.02),) * 2,  # noise
        (before(0.05),) * 2,  # less than two weeks
        (before(0.01, 0.001, 0.02), before(0.0, -0.01, 0.01)),  # not on the devices together
        (before(0.01, 0.001, 0.02), None, None),  # one of three devices does not speak for all
        (before(-0.01, -0.02, -0.001),) * 2,
    ],
)
def test_noise_sends_no_release_back(others):
    assert decided(*(state(before=other) for other in others)).step is Step.PROMOTE


def test_models_that_nobody_scores_and_other_values_ignore_it():
    unscored = silent(scored=False)
    assert decided(unscored, unscored).step is Step.PROMOTE
    assert decided(unscored, silent()).step is Step.HOLD  # one device has a forecaster


def test_json_names_figure_and_bound():
    decision = decided(state(), state(0.0901), state(hours=3))
    reasons = promote_text.reasons_of(decision)
    assert [reason.get("quality") for reason in reasons["reasons"]] == [
        {"lacking": "wape", "figure": 0.0901, "bound": 0.09},
        {"lacking": "hours", "figure": 3.0, "bound": 48},
    ]
    assert reasons["quality"]["worse"] is False
    assert reasons["quality"]["score"]["wape"] == pytest.approx(0.08005)
    assert "quality" not in promote_text.reasons_of(decided(state(), bound=None))


def test_the_bound_of_a_manifest():
    assert rollout({"ring": 1, "soak": "1h"}).quality is None
    assert rollout({"ring": 1, "noWorseThanBefore": False}).quality is None
    assert rollout({"ring": 1, "noWorseThanBefore": True}).quality == QualityBound()
    assert rollout({"ring": 1, "maxLiveWape": 0.1}).quality == QualityBound(48, 0.1)
    said = {"liveWapeVsNaive": 0.8, "minHours": 168, "noWorseThanBefore": False}
    assert rollout({"ring": 1, **said}).quality == QualityBound(168, None, 0.8, no_worse=False)


@given(
    st.lists(
        st.tuples(st.floats(0, 0.3), st.integers(0, 672), st.sampled_from(list(HealthState))),
        min_size=1,
        max_size=8,
    ),
    st.integers(1, 100),
)
def test_a_release_goes_on_only_with_enough_good_devices(devices, percent):
    bound = QualityBound(48, 0.09)
    states = [state(wape, 0.1, hours, health=health) for wape, hours, health in devices]
    decision = decided(*states, bound=bound, min_healthy=percent)
    good = sum(w <= 0.09 and h >= 48 and s is HealthState.CONVERGED for w, h, s in devices)
    bad = sum((w > 0.09 and h >= 48) or s is HealthState.DEGRADED for w, h, s in devices)
    assert decision.ring is not None
    if bad > len(devices) - decision.ring.needed:
        assert decision.step is Step.DEGRADED
    else:
        assert (decision.step is Step.PROMOTE) == (good >= decision.ring.needed)
    lacking = decision.ring.quality.by_device.values()
    assert all(lack.is_beyond is (lack.lacking is Lacking.WAPE) for lack in lacking)


def test_devices_are_pooled_by_their_values():
    busy, quiet = model(0.05, 0.1, 300, value=3000), model(0.1, 0.2, 100, value=1000)
    pooled = pooled_score([busy, quiet])
    assert pooled is not None
    assert (pooled.hours, pooled.wape) == (300, pytest.approx(0.0625))
    assert (pooled.naive_wape, pooled.coverage) == (pytest.approx(0.125), pytest.approx(0.8))
    unweighed = pooled_score([model(0.05), model(0.1, None, value=1000)])
    assert unweighed is not None
    assert (unweighed.wape, unweighed.naive_wape) == (pytest.approx(0.075), None)
    assert pooled_score([]) is None
    assert pooled_score([LiveModel(NEW)]) is None


def test_what_devices_share_makes_no_interval_narrower():
    same = [(model(), before(0.01, -0.001, 0.02))] * 50
    pooled = pooled_before(same)
    assert pooled is not None
    assert (pooled.low, pooled.high) == (pytest.approx(-0.001), pytest.approx(0.02))
    other = LiveBefore(NEW, 400, 0.08, 0.08, 0.0, -0.1, 0.1)
    assert pooled_before([*same, (model(), other)]) is None  # compared with different releases


def test_days_of_several_devices_are_added_by_their_date():
    one = DailySums(date(2026, 11, 24), (1, 2), (10, 20))
    late = DailySums(date(2026, 11, 26), (4,), (40,))
    assert pooled_days([one, late], 28) == DailySums(
        date(2026, 11, 26), (1, 2, 0, 4), (10, 20, 0, 40)
    )
    assert pooled_days([one, late], 2) == DailySums(date(2026, 11, 26), (0, 4), (0, 40))
    assert pooled_days([], 28) is None
