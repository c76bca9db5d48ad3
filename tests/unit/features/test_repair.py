"""Suspicious zeros become missing, and missing hours are filled."""

from __future__ import annotations

import numpy as np
import pytest

from edgeops.errors import EdgeOpsError
from edgeops.features.repair import filled, total, without_outages
from edgeops.features.series import HourlySeries

NAN = np.nan
START = np.datetime64("2024-01-01T00", "h")


def test_zeros_in_a_row_become_missing_from_the_time_that_it_shows():
    counts = np.array([5.0, 0, 0, 0, 0, 7, 0, 0])
    np.testing.assert_array_equal(without_outages(counts, 3), [5, 0, 0, NAN, NAN, 7, 0, 0])
    assert without_outages(counts, 0) is counts


def test_a_missing_hour_is_the_median_of_that_hour_in_the_last_four_weeks():
    counts = np.arange(168.0 * 6)
    counts[168 * 5 + 3] = NAN
    counts[168 * 4 + 3] = NAN
    at = filled(counts)
    assert at[168 * 5 + 3] == 168 * 2 + 3  # of weeks 1, 2, 3
    assert at[168 * 4 + 3] == 168 * 1.5 + 3  # of weeks 0 to 3


def test_an_hour_without_earlier_weeks_stays_missing():
    assert np.isnan(filled(np.array([NAN, 1.0]))[0])


def test_total_adds_columns_and_fills_each():
    values = np.ones((168 * 2, 2))
    values[200, 1] = NAN
    values[:, 1] *= 3
    series = HourlySeries(START, ("a", "b"), values)
    assert total(series, ("a", "b"), 12)[200] == 4
    assert total(series, ("b",), 12)[200] == 3


def test_negative_numbers_are_refused():
    series = HourlySeries(START, ("a", "b"), np.array([[1.0, 1], [1, -1]]))
    with pytest.raises(EdgeOpsError, match="b is negative at 2024-01-01T01"):
        total(series, ("a", "b"), 12)


def test_an_unknown_column():
    series = HourlySeries(START, ("a", "b"), np.ones((2, 2)))
    with pytest.raises(EdgeOpsError, match="has no column `c`") as caught:
        total(series, ("a", "c"), 12)
    assert caught.value.hint == "the columns are a, b"
