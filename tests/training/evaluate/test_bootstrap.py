"""The difference between two models, with an interval from resampled days."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import numpy as np
import pytest

from edgeops.training.evaluate.bootstrap import compare
from edgeops.training.forecasts import joined

SEED = 7


def days_of(forecasts_of, days, error, seed=0):
    """Forecasts that are wrong by noise of a size for each day."""
    random = np.random.default_rng(seed)
    actual = random.poisson(100, (24 * days, 4)).astype(float)
    size = np.repeat(np.broadcast_to(error, days), 24)[:, None]
    return forecasts_of(actual, actual + size * random.standard_normal(actual.shape))


@pytest.fixture(scope="module")
def pair(forecasts_of):
    """A model and one that is a little worse."""
    model = days_of(forecasts_of, 90, 10.0)
    noise = 0.3 * np.random.default_rng(1).standard_normal(model.values.shape)
    return model, replace(model, values=model.actual[:, :, None] + (noise + 1.1) * 10)


def test_the_difference_and_its_sign(pair):
    model, other = pair
    comparison = compare(model, other, "lightgbm", seed=SEED)

    def wape(forecasts):
        return np.abs(forecasts.point - forecasts.actual).sum() / forecasts.actual.sum()

    assert comparison.other == "lightgbm"
    assert comparison.difference == pytest.approx(wape(model) - wape(other))
    assert comparison.low < comparison.difference < comparison.high < 0
    back = compare(other, model, "model", seed=SEED)
    assert (back.low, back.high) == pytest.approx((-comparison.high, -comparison.low))


def test_identical_forecasts_do_not_differ(pair):
    comparison = compare(pair[0], pair[0], "champion", seed=SEED)
    assert (comparison.difference, comparison.low, comparison.high) == (0, 0, 0)


def test_the_seed_decides_what_is_drawn(pair):
    assert compare(*pair, "x", seed=1) == compare(*pair, "x", seed=1)
    assert compare(*pair, "x", seed=1) != compare(*pair, "x", seed=2)


def test_weeks_that_differ_make_the_interval_wide(forecasts_of):
    """A model that is better every other week is better by luck; one that is every day is not."""
    steady = days_of(forecasts_of, 140, 10.0)
    by_week = np.where(np.arange(140) // 7 % 2, 5.0, 18.0)
    for error, sure in ((by_week, False), (8.0, True)):
        comparison = compare(days_of(forecasts_of, 140, error), steady, "x", seed=SEED)
        assert (comparison.low > 0 or comparison.high < 0) is sure


def test_what_is_unknown_does_not_count(pair):
    model, other = pair
    hidden = np.random.default_rng(3).random(model.actual.shape) < 0.5
    few = np.where(hidden, np.nan, model.actual)
    wrong = replace(model, actual=few, values=np.where(hidden[:, :, None], 1e9, model.values))
    comparison = compare(wrong, replace(other, actual=few), "x", seed=SEED)
    kept = ~hidden
    expected = np.abs(model.point - model.actual)[kept].sum() / model.actual[kept].sum()
    expected -= np.abs(other.point - model.actual)[kept].sum() / model.actual[kept].sum()
    assert comparison.difference == pytest.approx(expected)


def test_several_series_are_drawn_together(pair):
    """The same street twice knows no more than once."""
    single = compare(*pair, "x", seed=SEED)
    twice = compare(*(joined([each, each]) for each in pair), "x", seed=SEED)
    assert (twice.low, twice.high) == pytest.approx((single.low, single.high))


@pytest.mark.parametrize(("days", "known"), [(12, False), (13, True)])
def test_too_few_days_for_an_interval(forecasts_of, days, known):
    model = days_of(forecasts_of, days, 10.0)  # from 23:00 of the day before on: a day more
    other = replace(model, values=model.values + 1)
    comparison = compare(model, other, "x", seed=SEED)
    assert math.isnan(comparison.low) is math.isnan(comparison.high) is not known
    assert not math.isnan(comparison.difference)


def test_forecasts_of_other_origins(pair):
    model, other = pair
    with pytest.raises(
        ValueError, match="the forecasts of lightgbm have other origins than the model"
    ):
        compare(
            model,
            replace(other, origins=other.origins + np.timedelta64(1, "h")),
            "lightgbm",
            seed=1,
        )


def test_a_year_of_seventeen_streets_takes_less_than_a_second(forecasts_of):
    year = days_of(forecasts_of, 365, 10.0)
    many = joined([year] * 17)
    start = time.process_time()
    compare(many, many, "x", seed=SEED)
    assert time.process_time() - start < 1
