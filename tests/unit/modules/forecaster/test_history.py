"""What a history keeps: any order of messages gives the same, in bounded memory."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.modules.forecaster.history import History
from edgeops.modules.forecaster.observations import HOUR, FaultKind, InputFault, Observation


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
    assert list(history(*ones, kept=10).records()) == list(history(*shuffled, kept=10).records())


def test_the_same_moment_again_is_a_correction_another_one_is_another_value():
    first, later = Observation(60, "east", 1), Observation(120, "east", 2)
    corrected = Observation(120, "east", 3)
    assert list(history(later, first).records()) == [first, later]
    assert list(history(later, corrected, first).records()) == [first, corrected]


def test_only_what_changed_the_history_is_given_back():
    observation = Observation(60, "east", 1)
    made = History()
    assert made.add([observation, observation]) == [observation]


def test_only_the_newest_hours_are_kept():
    made = history(*of(dict.fromkeys(range(10), 1.0)), kept=4)
    assert [observation.at // HOUR for observation in made.records()] == [6, 7, 8, 9]
    assert made.add(of({2: 1.0})) == []


def test_names_are_bounded():
    made = history(*(Observation(0, f"s{number}", 1) for number in range(1000)))
    assert len(list(made.records())) == 256


def test_what_there_is_no_room_for_says_why():
    faults: list[InputFault] = []
    made = history(*of(dict.fromkeys(range(10), 1.0)), kept=4)
    assert made.add(of({2: 1.0}), faults.append) == []
    crowd = history(*(Observation(0, f"s{number}", 1) for number in range(256)))
    news = [Observation(0, "one more", 1), Observation(0, "s255", 2)]
    assert crowd.add(news, faults.append) == news[1:]
    assert faults == [
        InputFault(FaultKind.AGE, "east: it is older than the 4 hours kept"),
        InputFault(FaultKind.SERIES, "one more: there are 256 series already"),
    ]


def test_a_series_whose_observations_are_gone_is_gone():
    made = history(*of({1: 1}), *of({2: 1, 3: 1}, "west"), kept=2)
    assert made.names == {"west"}
    assert made.first_hour == 2


def test_it_tells_once_which_hours_have_changed():
    made = history(*of({1: 1, 2: 1}))
    assert made.changed_hours() == {1, 2}
    made.add(of({2: 1}))
    assert made.changed_hours() == frozenset()
    made.add(of({2: 5}))
    assert made.changed_hours() == {2}


class TestManyValues:
    """Of a series with more than six values an hour the old quarters of an hour are folded."""

    KEPT = 10

    @pytest.fixture
    def minutes(self) -> list[Observation]:
        return [Observation(at * 60, "east", at / 10) for at in range(self.KEPT * 60)]

    def test_memory_is_bounded_and_sums_numbers_and_last_values_stay(self, minutes):
        made = history(*minutes, kept=self.KEPT)
        kept = list(made.records())
        assert len(kept) <= 6 * self.KEPT
        assert sum(one.count for one in kept) == len(minutes)
        first = kept[0]
        quarter = [one.value for one in minutes[:15]]
        assert (first.at, first.value, first.count) == (14 * 60, quarter[-1], 15)
        assert first.before + first.value == sum(quarter)

    def test_a_repeat_does_not_count_twice_and_the_last_value_can_be_corrected(self, minutes):
        made = history(*minutes, kept=self.KEPT)
        assert made.add(minutes[:40]) == []
        corrected = Observation(14 * 60, "east", 99.0)
        assert made.add([corrected]) == [corrected]
        assert next(iter(made.records())).value == 99

    def test_what_comes_late_into_an_old_hour_is_added(self, minutes):
        made = history(*minutes[3:], kept=self.KEPT)
        late = Observation(14 * 60 + 30, "east", 5.0)
        assert made.add([late]) == [late]
        first = next(iter(made.records()))
        assert (first.value, first.count) == (5.0, 13)

    @given(st.integers(0, 600), st.integers(0, 2**32))
    def test_what_was_folded_is_read_again_as_it_was(self, cut, seed):
        ones = [Observation(at * 60, "east", at / 10) for at in range(self.KEPT * 60)]
        whole = history(*ones, kept=self.KEPT)
        again = history(*whole.records(), kept=self.KEPT)
        assert list(again.records()) == list(whole.records())
        again.add(random.Random(seed).sample(ones, cut))  # all repeats
        assert sum(one.count for one in again.records()) == len(ones)

    def test_a_value_a_second_is_bounded_too(self):
        made = history(*(Observation(at, "east", 1) for at in range(3 * HOUR)), kept=self.KEPT)
        kept = list(made.records())
        assert len(kept) <= 6 * self.KEPT
        assert sum(one.before + one.value for one in kept) == 3 * HOUR
