"""Each metric against figures worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edgeops.training.evaluate.metrics import mase_scale, score

MEDIAN = (0.5,)
COUNTS = arrays(np.float64, (4, 3), elements=st.integers(0, 10_000).map(float))


def column(*values):
    return np.array(values, float)[:, None]


def test_each_figure_by_hand():
    scores = score(column(100, 50, 10), column(90, 60, 12)[:, :, None], MEDIAN, scale=20)
    assert scores.count == 3
    assert scores.wape == pytest.approx(22 / 160)
    assert scores.mae == pytest.approx(22 / 3)
    assert scores.mase == pytest.approx(22 / 3 / 20)
    assert scores.smape == pytest.approx((20 / 190 + 20 / 110 + 4 / 22) / 3)
    assert scores.mape == pytest.approx((10 / 100 + 10 / 50) / 2)
    assert scores.mape_excluded == 1
    assert (scores.pinball, scores.coverage, scores.width) == (None, None, None)


def test_mape_with_another_idea_of_what_is_small():
    actual, values = column(100, 10, 0), column(90, 12, 1)[:, :, None]
    assert score(actual, values, MEDIAN, 1, small=10).mape == pytest.approx((0.1 + 0.2) / 2)
    assert score(actual, values, MEDIAN, 1, small=0).mape_excluded == 1  # nothing divides by 0
    nothing_left = score(actual, values, MEDIAN, 1, small=1000)
    assert math.isnan(nothing_left.mape)
    assert nothing_left.mape_excluded == 3


def test_an_interval_by_hand():
    values = np.array([[[80, 100, 110]], [[10, 20, 30]]], float)
    scores = score(column(110, 40), values, (0.1, 0.5, 0.9), 1)
    assert scores.coverage == 0.5  # its bounds belong to an interval
    assert scores.width == pytest.approx((30 + 20) / 150)
    losses = [0.1 * 30, 0.5 * 10, 0.0, 0.1 * 30, 0.5 * 20, 0.9 * 10]
    assert scores.pinball == pytest.approx(sum(losses) / 6)


def test_nothing_to_divide_by():
    scores = score(column(0, 0), column(1, 0)[:, :, None], MEDIAN, scale=0)
    assert (scores.count, scores.mae, scores.smape) == (2, 0.5, 1.0)
    assert all(map(math.isnan, (scores.wape, scores.mase, scores.mape)))
    empty = score(column(math.nan), column(1)[:, :, None], MEDIAN, 1)
    assert empty.count == 0
    assert math.isnan(empty.mae)


def test_a_forecast_that_is_missing_is_not_passed_over():
    assert math.isnan(score(column(5, 5), column(5, math.nan)[:, :, None], MEDIAN, 1).wape)


def test_each_row_can_have_its_own_scale():
    scores = score(column(1, 1), column(3, 5)[:, :, None], MEDIAN, column(2, 8))
    assert scores.mase == pytest.approx((2 / 2 + 4 / 8) / 2)


@given(COUNTS, COUNTS, arrays(np.bool_, (4, 3)))
def test_what_is_not_known_does_not_count(actual, point, hidden):
    masked = np.where(hidden, np.nan, actual)
    seen = ~hidden
    expected = score(actual[seen][:, None], point[seen][:, None, None], MEDIAN, 7)
    scores = score(masked, point[:, :, None], MEDIAN, 7)
    for name in ("count", "wape", "mae", "mase", "smape", "mape", "mape_excluded"):
        assert getattr(scores, name) == pytest.approx(getattr(expected, name), nan_ok=True)


@given(COUNTS, COUNTS, st.floats(0.1, 10))
def test_wape_does_not_depend_on_the_unit(actual, point, factor):
    scores = score(actual, point[:, :, None], MEDIAN, 1)
    other = score(actual * factor, point[:, :, None] * factor, MEDIAN, factor)
    assert other.wape == pytest.approx(scores.wape, nan_ok=True)
    assert other.mase == pytest.approx(scores.mase)
    assert scores.smape <= 2


@given(COUNTS, arrays(np.float64, (4, 3, 3), elements=st.integers(0, 10_000).map(float)))
def test_the_pinball_of_the_median_is_half_the_error(actual, values):
    values = np.sort(values)
    three = score(actual, values, (0.1, 0.5, 0.9), 1)
    assert three.mae == score(actual, values[:, :, 1:2], MEDIAN, 1).mae
    same = score(actual, np.repeat(values[:, :, 1:2], 3, axis=2), (0.4, 0.5, 0.6), 1)
    assert same.pinball == pytest.approx(same.mae / 2)
    assert three.pinball >= 0
    assert 0 <= three.coverage <= 1


def test_the_scale_of_mase():
    history = np.array([1, 2, np.nan, 4, 3, 7, 5], float)
    assert mase_scale(history, np.array([1, 3, 4, 5]), 3) == (abs(4 - 1) + abs(3 - 2)) / 2
    assert math.isnan(mase_scale(history, np.array([0, 1]), 3))


def test_the_scale_of_mase_of_the_real_data(auckland):
    train = auckland.samples("cbd-total", "train")
    assert mase_scale(train.history, train.rows, 168) == pytest.approx(741.77, abs=0.01)
