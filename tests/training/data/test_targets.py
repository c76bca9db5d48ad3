"""What is forecast: sums of streets, where outages count as missing."""

from __future__ import annotations

import numpy as np
import pytest

from edgeops.errors import EdgeOpsError
from edgeops.features.series import HourlySeries
from edgeops.training.data.targets import in_hindsight, runs, target, targets_of

NAN = np.nan


def test_runs():
    assert runs(np.array([True, False, True, True])) == [(0, 1), (2, 4)]
    assert runs(np.array([False])) == []


def test_hindsight_sees_the_whole_outage_and_both_ends_of_a_gap():
    counts = np.array([NAN, 5, 0, 0, 0, 7, NAN, 9, NAN, NAN, 3])
    repaired = in_hindsight(counts, outage_hours=3, gap_hours=1)
    np.testing.assert_array_equal(repaired, [NAN, 5, NAN, NAN, NAN, 7, 8, 9, NAN, NAN, 3])
    assert in_hindsight(counts, 0, 2)[8:10].tolist() == [7, 5]


def test_a_street_that_is_missing_counts_as_in_the_weeks_around():
    values = np.ones((168 * 5, 2))
    values[:, 1] = np.repeat([1.0, 2, 3, 4, 5], 168)
    values[350:360, 1] = NAN
    values[400:410] = NAN
    series = HourlySeries(np.datetime64("2024-01-01T00", "h"), ("a", "b"), values)
    total = target(series, ("a", "b"), 12, 1)
    assert (total[350:360] == 1 + 3).all()
    assert np.isnan(total[400:410]).all()  # nobody counted anything
    assert np.isnan(total).sum() == 10


def test_a_street_without_any_value():
    series = HourlySeries(np.datetime64("2024-01-01T00", "h"), ("a",), np.full((10, 1), NAN))
    with pytest.raises(EdgeOpsError, match="a has no values"):
        target(series, ("a",), 12, 1)


def test_the_steps_after_each_origin():
    targets = targets_of(np.arange(6.0), np.array([0, 3]), 3)
    np.testing.assert_array_equal(targets, [[1, 2, 3], [4, 5, NAN]])
