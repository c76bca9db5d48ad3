"""What the input takes, and what it refuses."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.modules.forecaster.observations import Observation, parse_csv, parse_message


def message(timestamp: object, **values: object) -> str:
    return json.dumps({"timestamp": timestamp, "values": values})


def test_a_message_holds_numbers_by_series():
    parsed = parse_message(message("2024-01-01T06:00:00Z", east=3, west=4.5))
    assert parsed.observations == (
        Observation(1704088800, "east", 3.0),
        Observation(1704088800, "west", 4.5),
    )
    assert parsed.faults == ()


def test_the_hour_that_comes_twice_in_autumn_is_two_hours():
    first = parse_message(message("2024-04-07T02:30:00+13:00", east=1)).observations[0]
    second = parse_message(message("2024-04-07T02:30:00+12:00", east=2)).observations[0]
    assert second.at - first.at == 3600


def test_one_bad_element_does_not_spoil_the_others():
    parsed = parse_message(f"[{message('yesterday', east=1)}, {message('2024-01-01T06:00Z', e=1)}]")
    assert [observation.name for observation in parsed.observations] == ["e"]
    assert parsed.faults == ("timestamp is not an ISO 8601 text",)


def test_null_is_a_gap():
    assert parse_message(message("2024-01-01T06:00:00Z", east=None)).observations == ()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("no json", "message is not JSON"),
        ("[" * 100_000, "message is not JSON"),
        ("7", 'observation is not {"timestamp", "values": {name: number}}'),
        ("{}", 'observation is not {"timestamp", "values": {name: number}}'),
        (message("2024-01-01T06:00:00", e=1), "timestamp has no offset from UTC, such as Z"),
        (message(1704088800, e=1), "timestamp is not an ISO 8601 text"),
        (message("0001-01-01T00:00:00+12:00", e=1), "timestamp is not an ISO 8601 text"),
        (message("1969-12-31T23:00:00Z", e=1), "timestamp is before 1970"),
        (message("2024-01-01T06:00:00Z", e="1"), "e: value is not a number"),
        (message("2024-01-01T06:00:00Z", e=True), "e: value is not a number"),
        (message("2024-01-01T06:00:00Z", e=float("nan")), "e: value is not a finite number"),
        (message("2024-01-01T06:00:00Z", e=10**400), "e: value is not a finite number"),
        (message("2024-01-01T06:00:00Z", **{"": 1}), "a series name must have 1 to 64"),
        (b"\xff\xfe\xfd", "message is not JSON"),
        ("x" * 300_000, "message is larger than 262144 bytes"),
    ],
)
def test_what_cannot_be_read_says_why(text, fault):
    parsed = parse_message(text)
    assert parsed.observations == ()
    assert parsed.faults[0].startswith(fault)


@given(st.binary() | st.text())
def test_no_message_raises(data):
    parse_message(data)


def test_csv_columns_are_series_and_empty_cells_are_gaps():
    rows = ["timestamp,east,west\n", "2024-01-01T06:00:00+13:00,3,\n", "\n", "never,1,2\n"]
    parsed = list(parse_csv(rows))
    assert [row.observations for row in parsed] == [(Observation(1704042000, "east", 3.0),), ()]
    assert parsed[1].faults == ("timestamp is not an ISO 8601 text",)


def test_csv_without_its_header_is_refused():
    (only,) = parse_csv(["east,west\n", "1,2\n"])
    assert only.faults == ("the first column of the CSV file must be `timestamp`",)


@given(st.text())
def test_no_csv_raises(text):
    list(parse_csv(text.splitlines(keepends=True)))
