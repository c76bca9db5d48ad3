from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgeops.training.evaluate.bootstrap import compare
from edgeops.training.forecasts import Forecasts

WEEKS = 20


@pytest.fixture
def perfect() -> Forecasts:
    """Forecasts of every hour of some weeks, 2 hours ahead, without an error."""
    origins = np.datetime64("2024-01-01T00", "h") + np.arange(WEEKS * 168)
    actual = 100 + 50 * np.sin(np.arange(WEEKS * 168))[:, None] * np.ones(2)
    return Forecasts("s", origins, actual, actual[:, :, None])


def with_errors(perfect: Forecasts, errors: np.ndarray) -> Forecasts:
    return replace(perfect, values=(perfect.actual + errors[:, None])[:, :, None])


def test_a_better_model_is_better_for_sure(perfect):
    noise = np.random.default_rng(1).normal(0, 10, len(perfect.origins))
    found = compare(perfect, with_errors(perfect, noise), "noisy", seed=1)
    assert found.other == "noisy"
    assert found.low < found.difference < found.high < 0
    assert found.difference == pytest.approx(-np.abs(noise).sum() / perfect.actual[:, 0].sum())


def test_equal_errors_in_other_weeks_show_nothing(perfect):
    week = np.arange(len(perfect.origins)) // 168
    even, odd = (with_errors(perfect, np.where(week % 2 == part, 10.0, 0)) for part in (0, 1))
    found = compare(even, odd, "odd", seed=1)
    assert found.difference == pytest.approx(0, abs=1e-3)
    assert found.low < -0.01 < 0.01 < found.high


def test_the_same_seed_gives_the_same_interval(perfect):
    noisy = with_errors(perfect, np.random.default_rng(1).normal(0, 10, len(perfect.origins)))
    assert compare(perfect, noisy, "n", seed=3) == compare(perfect, noisy, "n", seed=3)
    assert compare(perfect, noisy, "n", seed=3) != compare(perfect, noisy, "n", seed=4)


def test_a_model_against_itself(perfect):
    found = compare(perfect, perfect, "itself", seed=1)
    assert (found.low, found.difference, found.high) == (0, 0, 0)


def test_what_is_unknown_does_not_count(perfect):
    noisy = with_errors(perfect, np.full(len(perfect.origins), 10.0))
    actual = perfect.actual.copy()
    actual[::3] = np.nan
    some = compare(replace(perfect, actual=actual), replace(noisy, actual=actual), "n", seed=1)
    assert some.difference == pytest.approx(-10 / np.nanmean(actual))
