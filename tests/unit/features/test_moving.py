"""Lags, moving sums and means of a series."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.features.moving import (
    exponential_mean,
    exponential_reach,
    lagged,
    mean,
    median,
    moving_mean,
    moving_std,
    moving_sum,
    spread,
)

NAN = np.nan


def test_lagged_is_missing_before_the_first_value():
    np.testing.assert_array_equal(lagged(np.array([1.0, 2, 3]), 2), [NAN, NAN, 1])
    np.testing.assert_array_equal(lagged(np.array([1.0, 2]), 5), [NAN, NAN])


@pytest.mark.parametrize("steps", [1, 2, 3, 5, 8, 13])
def test_moving_sum_is_that_of_the_last_steps(steps):
    values = np.arange(1.0, 21)
    expected = [values[max(0, i - steps + 1) : i + 1].sum() for i in range(20)]
    np.testing.assert_allclose(moving_sum(values, steps), expected)


def test_means_leave_out_what_is_missing():
    values = np.array([NAN, 2.0, NAN, 4])
    np.testing.assert_array_equal(moving_mean(values, 2), [NAN, 2, 2, 4])
    np.testing.assert_array_equal(moving_mean(values, 3), [NAN, 2, 2, 3])
    np.testing.assert_allclose(moving_std(np.array([1.0, 3, 3]), 2), [0, 1, 0])


def test_exponential_mean_halves_the_weight_every_half_life():
    values = np.array([8.0, 0, 0, 4])
    expected = (8 / 8 + 4) / (1 / 8 + 1 / 4 + 1 / 2 + 1)
    assert exponential_mean(values, 1)[-1] == pytest.approx(expected)
    assert exponential_mean(np.array([NAN, NAN, 5.0, NAN]), 2)[-1] == pytest.approx(5)
    assert exponential_reach(12) == 128


def test_across_rows():
    rows = [np.array([1.0, NAN, NAN]), np.array([2.0, 5, NAN]), np.array([9.0, NAN, NAN])]
    np.testing.assert_array_equal(median(rows), [2, 5, NAN])
    np.testing.assert_array_equal(median(rows[:2]), [1.5, 5, NAN])
    np.testing.assert_array_equal(mean(rows), [4, 5, NAN])
    np.testing.assert_array_equal(spread(rows), [8, 0, NAN])


@given(
    st.lists(st.floats(0, 1e6) | st.just(NAN), min_size=40, max_size=80),
    st.integers(1, 20),
    st.integers(0, 20),
)
def test_a_slice_gives_the_bits_of_the_whole(numbers, steps, cut):
    values = np.array(numbers)
    for moving in (
        lambda v: moving_sum(np.nan_to_num(v), steps),
        lambda v: moving_mean(v, steps),
        lambda v: moving_std(v, steps),
        lambda v: exponential_mean(v, 2.0),
    ):
        reach = max(steps, exponential_reach(2.0))
        assert moving(values)[cut + reach :].tobytes() == moving(values[cut:])[reach:].tobytes()
