"""Margins hold the coverage, follow the newest days, and leave the quantiles in order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeops.features.calendar import hour_of_day
from edgeops.features.spec import COUNTS, Unit
from edgeops.quality.judging import HOURS, Judging
from edgeops.quality.kept import HIGH, LOW, KeptForecasts, Observed
from edgeops.quality.margins import (
    FEWEST_DAYS,
    distance,
    margin,
    margins_by_hour,
    margins_of_days,
    rolling_margins,
    widened,
)

START = np.datetime64("2024-03-28T21", "h")  # no whole day
H = np.timedelta64(1, "h")


def made(seed, hours, horizon, interval=1, missing=0.0):
    """Forecasts from some of these hours, and what was observed, which they are not sure of."""
    random = np.random.default_rng(seed)
    origins = START + np.arange(0, hours, interval) * H
    origins = origins[random.random(len(origins)) >= missing]
    values = np.sort(random.gamma(9, 10, (len(origins), horizon, 3)), axis=2)
    kept = KeptForecasts(origins, values, np.zeros(values.shape[:2]), interval)
    truth = random.gamma(9, 10, hours // interval + horizon)
    truth[random.random(len(truth)) < missing] = np.nan
    return kept, Observed(START, truth, interval)


def by_the_definition(kept, observed, today, judging, unit):
    """The margins of a day, hour by hour."""
    result = np.array(judging.margins or [0.0] * HOURS)
    kept, end = kept.judged(judging), today - 1
    outside = distance(
        observed.at(kept.targets), kept.values[:, :, LOW], kept.values[:, :, HIGH], unit
    )
    days = kept.targets.astype("datetime64[D]")
    for hour in range(HOURS):
        which = (hour_of_day(kept.targets) == hour) & np.isfinite(outside)
        which &= (days >= end - judging.days) & (days < end)
        if len(np.unique(days[which])) >= min(FEWEST_DAYS, judging.days):
            level = min(1.0, judging.coverage * (1 + 1 / which.sum()))
            result[hour] = np.quantile(outside[which], level, method="higher")
    return result


@settings(max_examples=15, deadline=None)
@given(
    st.integers(0, 10_000),
    st.sampled_from([(24, 1), (3, 1), (40, 1), (4, 6), (1, 24)]),
    st.sampled_from([1, 7, 40, 80]),
    st.sampled_from([0.0, 0.3]),
    st.sampled_from([(), (6, 12, 23)]),
    st.booleans(),
)
def test_the_margins_of_many_days_are_those_of_each(
    seed, shape, days, missing, origins, is_released
):
    kept, observed = made(seed, 24 * 50, *shape, missing)
    released = tuple(np.linspace(-0.2, 0.3, HOURS)) if is_released else ()
    judging = Judging(0.8, released, days, origins=origins)
    every = np.arange(np.datetime64("2024-03-26"), np.datetime64("2024-06-10"), 11)
    found = margins_of_days(kept, observed, every, judging, COUNTS)
    for day, margins in zip(every, found, strict=True):
        assert np.array_equal(margins, by_the_definition(kept, observed, day, judging, COUNTS))
        assert np.array_equal(margins, rolling_margins(kept, observed, day, judging, COUNTS))


def test_a_release_has_the_last_word_where_few_days_are_known():
    kept, observed = made(1, 24 * 40, 24)
    judging = Judging(0.8, tuple(np.linspace(-0.2, 0.3, HOURS)), 60)
    first = START.astype("datetime64[D]") + 1  # the first whole day
    early, late = margins_of_days(
        kept, observed, np.array([first + FEWEST_DAYS, first + FEWEST_DAYS + 1]), judging, COUNTS
    )
    assert early[:21].tolist() == list(judging.margins[:21])
    assert not set(late.tolist()) & set(judging.margins)
    for nothing in (Judging(0.8, judging.margins), Judging(), Judging(0.8)):
        same = rolling_margins(kept, observed, first + 40, nothing, COUNTS)
        assert same.tolist() == list(nothing.margins or [0.0] * HOURS)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 300), st.floats(0.01, 0.99))
def test_a_margin_is_the_quantile_that_the_sample_allows(seed, count, coverage):
    outside = np.random.default_rng(seed).normal(size=count)
    level = min(1.0, coverage * (1 + 1 / count))
    assert margin(outside, coverage) == np.quantile(outside, level, method="higher")


@given(st.integers(0, 10_000), st.floats(0.1, 0.95), st.floats(-1, 1))
def test_the_margin_holds_the_coverage_on_what_it_was_made_of(seed, coverage, shift):
    random = np.random.default_rng(seed)
    truth = random.normal(0, 1, (200, 3))
    low, high = truth.mean() - 0.5 + shift, truth.mean() + 0.5 + shift
    outward = margin(np.maximum(low - truth, truth - high), coverage)
    inside = (truth >= low - outward) & (truth <= high + outward)
    assert coverage - 1e-9 <= inside.mean() <= coverage + 0.01


def test_what_is_unknown_does_not_count():
    assert margin(np.array([0.0, 1.0, 2.0, np.nan]), 0.6) == 2.0
    assert margin(np.array([-3.0, -2.0, -1.0, np.nan]), 0.6) == -1.0
    assert np.isnan(margin(np.array([np.nan]), 0.6))
    one_hour = margins_by_hour(np.array([0.5, np.nan]), START + np.arange(2) * H, 0.8)
    assert one_hour[21] == 0.5
    assert np.isnan(np.delete(one_hour, 21)).all()


@pytest.mark.parametrize("unit", [COUNTS, Unit(0.1, -20, 200)])
@given(st.integers(0, 10_000), st.floats(-3, 3))
def test_widened_quantiles_stay_in_order(unit, seed, outward):
    values = np.sort(np.random.default_rng(seed).gamma(1, 50, (5, 4, 5)), axis=2)
    moved = widened(values, np.full((5, 4), outward), unit)
    assert (np.diff(moved, axis=2) >= 0).all()
    assert np.array_equal(moved[..., 1:-1], values[..., 1:-1])
    back = distance(moved[..., 0], values[..., 0], values[..., -1], unit)
    if outward >= 0:
        assert (back <= outward + 1e-9).all()
