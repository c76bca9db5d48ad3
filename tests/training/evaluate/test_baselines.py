"""The simple forecasts that a model must beat."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.training.evaluate.baselines import BASELINES

WEEK = 168
NAN = np.nan


def point(name, samples):
    return BASELINES[name](samples).point


def test_a_week_that_repeats_is_forecast_without_error(samples_of):
    history = np.tile(np.arange(WEEK), 6)
    samples = samples_of(history, [700, 701, 900], horizon=48)
    for name in ("seasonal-naive-168h", "median-4-weeks"):
        assert np.array_equal(point(name, samples), samples.actual), name
    days = samples_of(np.tile(np.arange(24), 20), [300, 400], horizon=48)
    assert np.array_equal(point("seasonal-naive-24h", days), days.actual)


def test_where_the_values_come_from(samples_of):
    samples = samples_of(np.arange(1000), [700], horizon=50)
    ahead = 700 + np.arange(1, 51)
    day = point("seasonal-naive-24h", samples)[0]
    assert np.array_equal(day[:24], ahead[:24] - 24)
    assert np.array_equal(day[24:48], ahead[24:48] - 48)  # the day before is not over yet
    assert np.array_equal(point("seasonal-naive-168h", samples)[0], ahead - WEEK)
    assert np.array_equal(point("median-4-weeks", samples)[0], ahead - 2.5 * WEEK)


def test_a_forecast_further_than_a_week(samples_of):
    samples = samples_of(np.arange(2000), [1000], horizon=170)
    ahead = 1000 + np.arange(1, 171)
    expected = ahead - WEEK * np.where(np.arange(1, 171) > WEEK, 2, 1)
    assert np.array_equal(point("seasonal-naive-168h", samples)[0], expected)


@pytest.mark.parametrize(("interval", "week"), [(3, 56), (24, 7)])
def test_longer_intervals(samples_of, interval, week):
    samples = samples_of(np.arange(300), [250], horizon=3, interval=interval)
    ahead = 250 + np.arange(1, 4)
    assert np.array_equal(point("seasonal-naive-168h", samples)[0], ahead - week)
    forecasts = BASELINES["seasonal-naive-24h"](samples)
    assert forecasts.interval == interval
    assert forecasts.point[0, 0] == 251 - 24 // interval


def test_missing_values_are_taken_from_further_back(samples_of):
    history = np.arange(1000.0)
    history[[701 - WEEK, 702 - WEEK, 702 - 2 * WEEK]] = NAN
    samples = samples_of(history, [700], horizon=2)
    naive = point("seasonal-naive-168h", samples)[0]
    assert naive.tolist() == [701 - 2 * WEEK, 702 - 3 * WEEK]
    middle = point("median-4-weeks", samples)[0]
    assert middle.tolist() == [701 - 3 * WEEK, 702 - 3.5 * WEEK]


def test_the_level_where_nothing_is_known(samples_of):
    samples = samples_of(np.full(1000, NAN), [5, 700], horizon=2)
    for name in BASELINES:
        assert point(name, samples).tolist() == [[9, 9], [9, 9]]


@given(
    st.sampled_from(sorted(BASELINES)),
    st.sampled_from([1, 3, 24]),
    st.integers(1, 60),
    st.integers(0, 899),
    st.randoms(use_true_random=False),
)
def test_nothing_after_the_origin_is_looked_at(samples_of, name, interval, horizon, row, random):
    numbers = np.random.default_rng(random.randrange(10**6))
    history = numbers.poisson(40, 1000).astype(float)
    history[numbers.random(1000) < 0.3] = NAN
    samples = samples_of(history, [row], horizon, interval)
    changed = history.copy()
    changed[row + 1 :] = numbers.random(999 - row)
    other = replace(samples, history=changed)
    points = point(name, samples)
    assert np.array_equal(points, point(name, other))
    assert not np.isnan(points).any()


def test_forecasts_carry_what_happened(samples_of):
    samples = samples_of(np.arange(1000), [700, 990])
    for baseline in BASELINES.values():
        forecasts = baseline(samples)
        assert (forecasts.series, forecasts.quantiles) == ("street", (0.5,))
        assert np.array_equal(forecasts.origins, samples.origins)
        assert np.array_equal(forecasts.actual, samples.actual, equal_nan=True)
