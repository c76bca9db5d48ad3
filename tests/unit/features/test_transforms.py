"""Hours become longer intervals and smoother values."""

from __future__ import annotations

import numpy as np
import pytest

from edgeops.errors import EdgeOpsError
from edgeops.features.spec import Smoothing
from edgeops.features.transforms import aggregate, smooth

NAN = np.nan


def test_intervals_count_from_midnight_and_are_whole():
    start, sums = aggregate(np.datetime64("2024-01-01T05", "h"), np.arange(9.0), 3)
    assert str(start) == "2024-01-01T06"
    assert sums.tolist() == [1 + 2 + 3, 4 + 5 + 6]


def test_a_missing_hour_makes_its_interval_missing():
    _, sums = aggregate(np.datetime64("2024-01-01T00", "h"), np.array([1, NAN, 3, 4]), 2)
    np.testing.assert_array_equal(sums, [NAN, 7])


def test_an_hour_is_left_as_it_is():
    values = np.array([1.0, NAN])
    start, same = aggregate(np.datetime64("2024-01-01T05", "h"), values, 1)
    assert str(start) == "2024-01-01T05"
    np.testing.assert_array_equal(same, values)


def test_an_interval_that_does_not_fit_a_day():
    with pytest.raises(EdgeOpsError, match="intervals of 5 hours"):
        aggregate(np.datetime64("2024-01-01T00", "h"), np.ones(10), 5)


def test_smoothing_looks_back_only():
    values = np.array([0.0, 0, 6, NAN, 0])
    moving = smooth(values, Smoothing("moving-average", 3))
    np.testing.assert_array_equal(moving, [0, 0, 2, NAN, 3])
    exponential = smooth(values, Smoothing("exponential", 1))
    assert exponential[2] == pytest.approx(6 / 1.75)
    assert smooth(values, None) is values
    with pytest.raises(EdgeOpsError, match="smoothing over 0 steps"):
        Smoothing("moving-average", 0)
