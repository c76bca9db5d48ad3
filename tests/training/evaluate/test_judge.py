"""Scores by hour, step and part of the day."""

from __future__ import annotations

import numpy as np
import pytest

from edgeops.training.evaluate.baselines import BASELINES
from edgeops.training.evaluate.judge import FEW, judge
from edgeops.training.evaluate.metrics import score
from edgeops.training.evaluate.scorecard import ALL

QUANTILES = (0.1, 0.5, 0.9)


@pytest.fixture(scope="module")
def judged_and_forecasts(forecasts_of):
    random = np.random.default_rng(1)
    actual = random.poisson(60, (24 * 15, 6)).astype(float)
    actual[random.random(actual.shape) < 0.1] = np.nan
    values = np.sort(random.normal(60, 9, (*actual.shape, 3)))
    forecasts = forecasts_of(actual, values, QUANTILES)
    return judge(forecasts, 5.0, {"morning-shift": {6, 7, 8}}), forecasts


def same(first, other):
    return vars_of(first) == pytest.approx(vars_of(other))


def vars_of(score):
    return {name: getattr(score, name) for name in score.__slots__}


def test_every_cell_is_the_score_of_its_values(judged_and_forecasts):
    judged, forecasts = judged_and_forecasts
    actual, values = forecasts.actual, forecasts.values
    assert same(judged.slices[ALL], score(actual, values, QUANTILES, 5.0))
    for name, hours in (
        ("morning-shift", range(6, 9)),
        ("day", range(7, 22)),
        ("night", [22, 23, *range(6)]),
        ("morning", range(6, 9)),
        ("daytime", range(9, 18)),
        ("evening", range(18, 22)),
    ):
        within = known_within(forecasts, hours)
        assert same(judged.slices[name], score(within, values, QUANTILES, 5.0))
    for step, scored in enumerate(judged.by_horizon):
        column = slice(step, step + 1)
        assert same(scored, score(actual[:, column], values[:, column], QUANTILES, 5.0))
    for hour, scored in enumerate(judged.by_hour):
        within = known_within(forecasts, {hour})
        assert same(scored, score(within, values, QUANTILES, 5.0))
        for step, cell in enumerate(judged.mape_by_hour_and_horizon[hour]):
            column = slice(step, step + 1)
            assert cell == pytest.approx(
                score(within[:, column], values[:, column], QUANTILES, 5).mape
            )


def test_the_hour_is_that_which_is_forecast(forecasts_of):
    judged = judge(forecasts_of([[10, 10]], [[10, 13]]), 1, {})
    assert judged.by_hour[0].mae == 0
    assert judged.by_hour[1].mae == 3
    assert set(judged.by_hour[2:]) == {None}
    assert set(judged.slices) == {ALL, "night"}


def test_use_cases_may_say_what_the_day_is(forecasts_of):
    assert judge(forecasts_of([[10, 10]], [[10, 13]]), 1, {"day": {1}}).slices["day"].mae == 3


@pytest.mark.parametrize(("days", "enough"), [(FEW - 1, False), (FEW, True)])
def test_a_cell_of_few_values_is_empty(forecasts_of, days, enough):
    actual = np.full((24 * days, 2), 100.0)
    cells = judge(forecasts_of(actual, actual + 7), 1, {}).mape_by_hour_and_horizon
    figures = {cell and round(cell, 9) for row in cells for cell in row}
    assert figures == ({0.07} if enough else {None})


def test_the_values_that_mape_leaves_out_do_not_fill_a_cell(forecasts_of):
    actual = np.full((24 * FEW, 1), 100.0)
    actual[0] = 3
    judged = judge(forecasts_of(actual, actual), 1, {})
    assert judged.mape_by_hour_and_horizon[0] == (None,)
    assert judged.by_hour[0].mape_excluded == 1


def test_longer_intervals(forecasts_of):
    judged = judge(forecasts_of([[50, 50]], [[50, 56]], interval=3), 1, {})
    assert [hour for hour, scored in enumerate(judged.by_hour) if scored] == [0, 3]


@pytest.mark.parametrize(
    ("part", "name", "wape", "mase", "mape", "night"),
    [
        ("validation", "seasonal-naive-24h", 19.54, 1.360, 56.6, 60.58),
        ("test", "seasonal-naive-24h", 18.79, 1.293, 51.4, 56.24),
        ("validation", "seasonal-naive-168h", 12.18, 0.847, 21.1, 23.61),
        ("test", "seasonal-naive-168h", 11.17, 0.768, 15.8, 21.16),
        ("validation", "median-4-weeks", 11.83, 0.823, 16.8, 18.40),
        ("test", "median-4-weeks", 9.82, 0.676, 13.1, 16.84),
    ],
)
def test_baselines_of_the_real_data(auckland, part, name, wape, mase, mape, night):
    samples = auckland.samples("cbd-total", part)
    judged = judge(BASELINES[name](samples), 741.77, {})
    scored = judged.slices[ALL]
    assert 100 * scored.wape == pytest.approx(wape, abs=0.01)
    assert scored.mase == pytest.approx(mase, abs=0.001)
    assert 100 * scored.mape == pytest.approx(mape, abs=0.1)
    assert 100 * judged.slices["night"].wape == pytest.approx(night, abs=0.01)
    assert scored.mape_excluded == 0


def known_within(forecasts, hours):
    """What happened, with these hours of the day only."""
    return np.where(np.isin(forecasts.hour_of_day, list(hours)), forecasts.actual, np.nan)
