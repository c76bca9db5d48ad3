"""The hours of a history, as a model was trained; short gaps are bridged for models of values."""

from __future__ import annotations

import numpy as np
import pytest

from edgeops.features.spec import Hour
from edgeops.modules.forecaster.history import History
from edgeops.modules.forecaster.hours import HistoryHours, NotReady, hours_of_utc
from edgeops.modules.forecaster.observations import HOUR, Observation

NOW = 100 * HOUR + 1800


def of(hours: dict[int, float], name: str = "east") -> list[Observation]:
    return [Observation(hour * HOUR, name, value) for hour, value in hours.items()]


def hours(*observations: Observation, hour: Hour = Hour(), phase: int = 0) -> HistoryHours:
    made = History()
    made.add(observations)
    return HistoryHours(made, hour, phase)


def quarters(*values: float | None, first: int = 99 * HOUR) -> list[Observation]:
    """A value every quarter of an hour; None for none."""
    return [
        Observation(first + at * 900, "east", value)
        for at, value in enumerate(values)
        if value is not None
    ]


@pytest.mark.parametrize(
    ("combine", "whole", "lacks_one"),
    [("sum", 10, np.nan), ("mean", 2.5, 7 / 3), ("last", 4, 4)],
)
def test_an_hour_is_made_as_in_training(combine, whole, lacks_one):
    made = hours(*quarters(1, 2, 3, 4, 1, 2, None, 4), hour=Hour(combine, 15))
    np.testing.assert_array_equal(made.table(["east"], 99, 100)[:, 0], [whole, lacks_one])


def test_a_sum_that_lacks_a_value_is_not_a_full_hour():
    made = hours(*quarters(1, 1, 1, 1, 1, 1, 1), hour=Hour("sum", 15))
    assert made.newest(["east"], 1, 101 * HOUR) == 99
    made.history.add([Observation(101 * HOUR - 1, "east", 1)])
    assert made.newest(["east"], 1, 101 * HOUR) == 100


def test_hours_of_half_past():
    made = hours(*quarters(1, 2, 3, 4, 5, 6, 7, 8), hour=Hour("sum", 15), phase=1800)
    np.testing.assert_array_equal(made.table(["east"], 98, 100)[:, 0], [np.nan, 18, np.nan])
    assert made.newest(["east"], 1, 100 * HOUR + 1800) == 99
    with pytest.raises(NotReady):
        made.newest(["east"], 1, 100 * HOUR + 1799)
    assert (made.first, hours_of_utc([99], 1800)) == (98, {98, 99})


def test_an_hour_without_events_is_a_full_hour():
    made = hours(*of({97: 1}), hour=Hour("sum", 0))
    assert made.newest(["east"], 1, NOW) == 99
    assert made.table(["east"], 97, 99).tolist() == [[1], [0], [0]]
    assert made.complete(["east"], 99)
    with pytest.raises(NotReady):
        hours(hour=Hour("sum", 0)).newest(["east"], 1, NOW)


def test_an_hour_is_complete_with_all_values_of_the_series_of_the_hour_before():
    both = [*of({97: 1, 98: 1}), *of({97: 1}, "west")]
    made = hours(*both)
    assert [made.complete(["east", "west"], hour) for hour in (97, 98)] == [True, False]
    made.history.add(of({99: 1}))  # west has been silent for an hour: it is not waited for
    assert made.complete(["east", "west"], 99)
    mean = hours(*quarters(1, 1, 1), hour=Hour("mean", 15))
    assert not mean.complete(["east"], 99)
    mean.history.add(quarters(1, 1, 1, 1))
    assert mean.complete(["east"], 99)


def test_the_window_ends_with_the_newest_full_hour_that_all_series_have():
    made = hours(
        *of({97: 1, 98: 2, 99: 3, 100: 9}), *of({97: 4, 98: 5, 100: 9}, "west")
    )  # hour 100 has not ended, west lacks 99
    recent = made.recent(["east", "west"], 2, NOW)
    assert (recent.last_hour, recent.values) == (98, {"east": [1, 2], "west": [4, 5]})


def test_a_gap_of_three_hours_is_bridged_by_a_line():
    assert hours(*of({95: 10, 99: 18})).recent(["east"], 5, NOW).values == {
        "east": [10, 12, 14, 16, 18]
    }


def test_a_bridge_may_begin_before_the_window():
    assert hours(*of({97: 10, 99: 14})).recent(["east"], 2, NOW).values == {"east": [12, 14]}


def test_a_longer_gap_is_not_guessed():
    with pytest.raises(NotReady, match="east has 1 of the 6 hours that the model needs"):
        hours(*of({94: 10, 99: 18})).recent(["east"], 6, NOW)


def test_a_young_history_says_how_far_it_is():
    with pytest.raises(NotReady, match="no full hour yet with east, west"):
        hours(*of({99: 1.0})).recent(["east", "west"], 3, NOW)
    with pytest.raises(NotReady, match="east has 2 of the 3 hours"):
        hours(*of({98: 1.0, 99: 1.0})).recent(["east"], 3, NOW)


def test_hours_that_lack_values_of_their_sum_say_so():
    hourly = hours(*of({98: 1, 99: 1}), hour=Hour("sum", 15))
    fault = "its sum is of 4 values, 15 minutes apart; hours of the last day have at most 1"
    with pytest.raises(NotReady, match=f"^no full hour yet with east: {fault}$"):
        hourly.newest(["east"], 1, NOW)


def test_the_newest_full_hour_may_lack_some_series():
    made = hours(*of({98: 1, 100: 1}), *of({97: 2, 98: 2}, "west"), *of({99: 3}, "south"))
    names = ["east", "west", "south"]
    assert [made.newest(names, share, NOW) for share in (1, 2)] == [99, 98]
    with pytest.raises(NotReady, match="no full hour yet with 3 of east, west, south, north"):
        made.newest([*names, "north"], 3, NOW)


def test_a_table_has_nan_where_nothing_is_known():
    made = hours(*of({95: 1, 97: 2}), *of({97: 3}, "west"))
    table = made.table(["west", "east"], 95, 97)
    np.testing.assert_array_equal(table, [[np.nan, 1], [np.nan, np.nan], [3, 2]])
    assert made.first == 95
