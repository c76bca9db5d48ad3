"""An hour is made of its values by one rule, and the same of values that were folded."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.features.hourly import QUARTER, Values, hourly, values_of
from edgeops.features.spec import Hour

KINDS = ("sum", "mean", "last")


def made(pairs: dict[int, float], hour: Hour, phase: int = 0) -> list[float]:
    """Two hours of values, by their minute."""
    moments = np.array(sorted(pairs), np.int64) * 60
    values = np.array([pairs[minute] for minute in sorted(pairs)], np.float64)
    return hourly(values_of(moments, values), hour, 0, 2, phase).tolist()


@pytest.mark.parametrize(("combine", "first"), [("sum", 10), ("mean", 2.5), ("last", 4)])
def test_the_values_of_an_hour(combine, first):
    hour = Hour(combine, 15)
    pairs = {0: 1.0, 15: 2.0, 30: 3.0, 45: 4.0}
    np.testing.assert_array_equal(made(pairs, hour), [first, np.nan])


@pytest.mark.parametrize(("combine", "first"), [("sum", np.nan), ("mean", 2), ("last", 3)])
def test_a_gap(combine, first):
    pairs = {0: 1.0, 15: np.nan, 30: 3.0, 45: np.nan, 60: np.nan}
    np.testing.assert_array_equal(made(pairs, Hour(combine, 15)), [first, np.nan])


def test_hours_that_begin_later_than_those_of_utc():
    pairs = dict.fromkeys(range(0, 180, 15), 1.0)
    assert made(pairs, Hour("sum", 15), 900) == [4, 4]


def test_an_hour_without_events_has_none_of_them():
    assert made({3: 1.0, 5: 1.0}, Hour("sum", 0)) == [2, 0]
    np.testing.assert_array_equal(made({3: 1.0, 5: 2.0}, Hour("mean", 0)), [1.5, np.nan])


def test_a_value_every_seven_minutes_is_eight_or_nine_an_hour():
    pairs = dict.fromkeys(range(4, 120, 7), 1.0)
    hour = Hour("sum", 7)
    assert made(pairs, hour) == [8, 9]
    for lacking in (4, 32, 53):
        np.testing.assert_array_equal(made(pairs | {lacking: np.nan}, hour), [np.nan, 9])
    for lacking in (60, 88, 116):
        np.testing.assert_array_equal(made(pairs | {lacking: np.nan}, hour), [8, np.nan])


@given(
    st.dictionaries(st.integers(0, 7199), st.floats(0, 1e6), min_size=1),
    st.sampled_from(KINDS),
    st.sampled_from([0, 900, 1800, 2700]),
)
def test_folded_quarters_make_the_same_hours_to_the_bit(pairs, combine, phase):
    moments = np.array(sorted(pairs), np.int64)
    values = np.array([pairs[moment] for moment in sorted(pairs)])
    whole = values_of(moments, values)
    quarters = moments // QUARTER
    last = np.flatnonzero(np.diff(quarters, append=-1))
    folded = Values(
        moments[last],
        values[last],
        np.array([sum(values[quarters == quarter].tolist()) for quarter in quarters[last]]),
        np.array([float((quarters == quarter).sum()) for quarter in quarters[last]]),
    )
    hour = Hour(combine, 60)
    one, other = (hourly(part, hour, -1, 4, phase) for part in (whole, folded))
    assert one.tobytes() == other.tobytes()


def test_events_are_counted_and_a_step_that_does_not_divide_an_hour_needs_the_fewest():
    moments = np.array([0, 7300])
    counts = hourly(values_of(moments, np.ones(2)), Hour("sum", 0), 0, 3)
    assert counts.tolist() == [1, 0, 1]
    assert (Hour("sum", 7).needed, Hour("sum", 10).needed, Hour("mean", 0).needed) == (8, 6, 1)
