"""The hourly series: any order of messages gives the same, and short gaps are bridged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.modules.forecaster.history import History, NotReady
from edgeops.modules.forecaster.observations import HOUR, Observation

NOW = 100 * HOUR + 1800


def of(hours: dict[int, float], name: str = "east") -> list[Observation]:
    return [Observation(hour * HOUR, name, value) for hour, value in hours.items()]


def history(*observations: Observation, kept: int = 1000) -> History:
    made = History(kept)
    made.add(observations)
    return made


DISTINCT = st.lists(
    st.builds(
        Observation,
        st.integers(0, 40 * HOUR),
        st.sampled_from(["east", "west"]),
        st.floats(-1e6, 1e6),
    ),
    unique_by=lambda observation: (observation.at, observation.name),
)


@given(DISTINCT.flatmap(lambda ones: st.tuples(st.just(ones), st.permutations([*ones, *ones]))))
def test_any_order_with_duplicates_gives_the_same_series(given_):
    ones, shuffled = given_
    assert list(history(*ones, kept=10).observations()) == list(
        history(*shuffled, kept=10).observations()
    )


def test_within_an_hour_the_later_timestamp_wins_and_a_correction_replaces():
    first, later = Observation(60, "east", 1), Observation(120, "east", 2)
    corrected = Observation(120, "east", 3)
    assert history(later, first).table(["east"], 0, 0) == [[2]]
    assert history(later, corrected, first).table(["east"], 0, 0) == [[3]]


def test_only_what_changed_the_history_is_given_back():
    observation = Observation(60, "east", 1)
    made = History()
    assert made.add([observation, observation]) == [observation]


def test_only_the_newest_hours_are_kept():
    made = history(*of(dict.fromkeys(range(10), 1.0)), kept=4)
    assert [observation.at // HOUR for observation in made.observations()] == [6, 7, 8, 9]
    assert made.add(of({2: 1.0})) == []


def test_names_are_bounded():
    made = history(*(Observation(0, f"s{number}", 1) for number in range(1000)))
    assert len(list(made.observations())) == 256


def test_the_window_ends_with_the_newest_full_hour_that_all_series_have():
    made = history(
        *of({97: 1, 98: 2, 99: 3, 100: 9}), *of({97: 4, 98: 5, 100: 9}, "west")
    )  # hour 100 has not ended, west lacks 99
    recent = made.recent(["east", "west"], 2, NOW)
    assert (recent.last_hour, recent.values) == (98, {"east": [1, 2], "west": [4, 5]})


def test_a_gap_of_three_hours_is_bridged_by_a_line():
    assert history(*of({95: 10, 99: 18})).recent(["east"], 5, NOW).values == {
        "east": [10, 12, 14, 16, 18]
    }


def test_a_bridge_may_begin_before_the_window():
    assert history(*of({97: 10, 99: 14})).recent(["east"], 2, NOW).values == {"east": [12, 14]}


def test_a_longer_gap_is_not_guessed():
    with pytest.raises(NotReady, match="east has 1 of the 6 hours that the model needs"):
        history(*of({94: 10, 99: 18})).recent(["east"], 6, NOW)


def test_a_young_history_says_how_far_it_is():
    with pytest.raises(NotReady, match="no full hour yet with east, west"):
        history(*of({99: 1.0})).recent(["east", "west"], 3, NOW)
    with pytest.raises(NotReady, match="east has 2 of the 3 hours"):
        history(*of({98: 1.0, 99: 1.0})).recent(["east"], 3, NOW)


def test_the_newest_full_hour_may_lack_some_series():
    made = history(*of({98: 1, 100: 1}), *of({97: 2, 98: 2}, "west"), *of({99: 3}, "south"))
    names = ["east", "west", "south"]
    assert [made.newest_full_hour(names, share, NOW) for share in (1, 2)] == [99, 98]
    with pytest.raises(NotReady, match="no full hour yet with 3 of east, west, south, north"):
        made.newest_full_hour([*names, "north"], 3, NOW)


def test_a_table_has_nan_where_nothing_is_known():
    made = history(*of({95: 1, 97: 2}), *of({97: 3}, "west"))
    assert str(made.table(["west", "east"], 95, 97)) == "[[nan, 1], [nan, nan], [3, 2]]"
    assert (made.first_hour, made.names) == (95, {"east", "west"})


def test_a_series_whose_observations_are_gone_is_gone():
    made = history(*of({1: 1}), *of({2: 1, 3: 1}, "west"), kept=2)
    assert made.names == {"west"}
