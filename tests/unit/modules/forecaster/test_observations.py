"""What the input takes, and what it refuses."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.modules.forecaster.observations import (
    FaultKind,
    InputFault,
    Observation,
    parse_csv,
    parse_message,
)

AT = "2024-01-01T06:00:00Z"


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
    assert parsed.faults == (InputFault(FaultKind.TIMESTAMP, "timestamp is not an ISO 8601 text"),)


@pytest.mark.parametrize(
    ("bad", "kind"),
    [
        ('"e": NaN', FaultKind.VALUE),
        ('"e": 1e400', FaultKind.VALUE),
        ('"e": 1e300', FaultKind.VALUE),
        (f'"e": {"9" * 5000}', FaultKind.VALUE),
        ('"e": "offline"', FaultKind.VALUE),
        ('"e": false', FaultKind.VALUE),
        ('"e": [1]', FaultKind.VALUE),
        (f'"{"e" * 65}": 1', FaultKind.NAME),
        ('"gate\u00a01": 1', FaultKind.NAME),
        ('"\ud800": 1', FaultKind.NAME),
        ('"": 1', FaultKind.NAME),
    ],
)
def test_one_bad_value_does_not_spoil_its_neighbours(bad, kind):
    parsed = parse_message(f'{{"timestamp": "{AT}", "values": {{"a": 1, {bad}, "z": 2}}}}')
    assert [(one.name, one.value) for one in parsed.observations] == [("a", 1), ("z", 2)]
    assert [fault.kind for fault in parsed.faults] == [kind]
    assert parsed.faults[0].message.isprintable()


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
        (message("2024-01-01T06:00:00Z", **{"": 1}), "a series is called ``: it has 0 characters"),
        (b"\xff\xfe\xfd", "message is not JSON"),
        ("x" * 300_000, "message is larger than 262144 bytes"),
    ],
)
def test_what_cannot_be_read_says_why(text, fault):
    parsed = parse_message(text)
    assert parsed.observations == ()
    assert parsed.faults[0].message.startswith(fault)


@given(st.binary() | st.text())
def test_no_message_raises(data):
    parse_message(data)


def test_csv_columns_are_series_and_empty_cells_are_gaps():
    rows = ["timestamp,east,west\n", "2024-01-01T06:00:00+13:00,3,\n", "\n", "never,1,2\n"]
    assert taken(rows) == [(1704042000, "east", 3.0)]
    assert faults(rows) == [(FaultKind.TIMESTAMP, "timestamp is not an ISO 8601 text")]


@pytest.mark.parametrize("gap", ["", " ", "NA", "nan", "NaN", "null", "None"])
def test_csv_gaps_are_written_as_in_training(gap):
    rows = ["timestamp,east,west\n", f"{AT},{gap},7\n"]
    assert [one[1:] for one in taken(rows)] == [("west", 7.0)]
    assert faults(rows) == []


@pytest.mark.parametrize("bad", ["n.a.", "inf", "1e300", "1,5"])
def test_one_bad_cell_does_not_spoil_its_row(bad):
    rows = ["timestamp,east,west,south\n", f'{AT},5,"{bad}",7\n']
    assert [one[1:] for one in taken(rows)] == [("east", 5.0), ("south", 7.0)]
    assert [kind for kind, _ in faults(rows)] == [FaultKind.VALUE]


def test_one_bad_name_costs_its_column():
    rows = [f"timestamp,a,{'e' * 65},b,a\n", f"{AT},1,2,3,4\n", f"{AT},1,2,3,4\n"]
    assert [one[1:] for one in taken(rows)] == [("a", 1.0), ("b", 3.0)] * 2
    assert faults(rows) == [
        (
            FaultKind.NAME,
            f"a series is called `{'e' * 64}`: it has 65 characters, a device takes 1 to 64",
        ),
        (FaultKind.NAME, "more than one column of the CSV file is called a"),
    ]


def test_a_row_that_is_not_csv_costs_only_itself():
    rows = ["timestamp,a\n", f"{AT},{'1' * 140_000}\n", f"{AT},5\n"]
    assert [one[1:] for one in taken(rows)] == [("a", 5.0)]
    assert [kind for kind, _ in faults(rows)] == [FaultKind.MESSAGE]


def test_a_row_with_more_cells_than_columns_is_refused():
    rows = ["timestamp,a,b\n", f"{AT},1,5,7\n", f"{AT},1,2,\n", f"{AT},3\n"]
    assert [one[1:] for one in taken(rows)] == [("a", 1), ("b", 2), ("a", 3)]
    assert faults(rows) == [(FaultKind.MESSAGE, "a row has 3 values for 2 columns")]


def test_csv_without_its_header_is_refused():
    assert faults(["east,west\n", "1,2\n"]) == [
        (FaultKind.MESSAGE, "the first column of the CSV file must be `timestamp`")
    ]


def taken(rows: list[str]) -> list[tuple[int, str, float]]:
    return [(one.at, one.name, one.value) for row in parse_csv(rows) for one in row.observations]


def faults(rows: list[str]) -> list[tuple[FaultKind, str]]:
    return [(fault.kind, fault.message) for row in parse_csv(rows) for fault in row.faults]


@given(st.text())
def test_no_csv_raises(text):
    list(parse_csv(text.splitlines(keepends=True)))
