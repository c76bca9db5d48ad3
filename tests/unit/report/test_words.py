"""Counts, lists and durations in words."""

import pytest

from edgeops.report.words import count, duration, first_names, short_commit, wrapped_names


def test_counts():
    assert [count(n, "device") for n in (0, 1, 1200)] == ["0 devices", "1 device", "1,200 devices"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "less than a second"),
        (12.4, "12 s"),
        (89, "89 s"),
        (240, "4 min"),
        (3599, "1 h"),
        (4200, "1 h 10 min"),
    ],
)
def test_durations(seconds, words):
    assert duration(seconds) == words


def test_commits_are_short_and_may_be_absent():
    assert short_commit("1a2b3c4d5e6f") == "1a2b3c4"
    assert short_commit(None) == "the working tree"


def test_long_lists_end_in_a_count():
    names = ["a", "b", "c", "d"]
    assert first_names(names, 2) == (["a", "b"], "and 2 more")
    assert first_names(names, 3) == (names, "")  # "and 1 more" would be no shorter
    assert first_names(names, None) == (names, "")


def test_names_wrap_at_a_fixed_width_and_never_inside_a_name():
    names = [f"high-street-{n}" for n in range(20)]
    lines = wrapped_names(names, "    ", None)
    assert all(len(line) <= 96 and line.startswith("    high-") for line in lines)
    assert " ".join(line.strip() for line in lines) == ", ".join(names)
