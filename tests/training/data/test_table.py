"""Tables of counts in CSV: hours, clocks, gaps, and errors with their line."""

from __future__ import annotations

import numpy as np
import pytest

from edgeops.errors import EdgeOpsError
from edgeops.training.data.data_file import DataFile
from edgeops.training.data.table import read_table
from edgeops.training.recipe import TableSection

ZONE = "Pacific/Auckland"


def read(file, *, zone=ZONE, **options):
    return read_table(file, TableSection("counts.csv", **options), zone).series


def test_hours_on_the_clock_of_the_site(csv_file):
    path = csv_file("timestamp,a,b", "2024-05-01T00:00,1,2", "2024-05-01T01:00,,3")
    series = read(path)
    assert str(series.start) == "2024-05-01T00"
    np.testing.assert_array_equal(series.values, [[1, 2], [np.nan, 3]])


def test_hours_with_an_offset(csv_file):
    path = csv_file("timestamp,a", "2024-05-01T00:00Z,1", "2024-05-01T13:00+12:00,2")
    series = read(path)
    assert str(series.start) == "2024-05-01T12"
    assert series.column("a").tolist() == [1, 2]


def test_gaps_are_missing_and_columns_can_be_chosen(csv_file):
    path = csv_file(
        "gate,when,note",
        *(f"{hour},2024-05-01 {hour:02}:00,x" for hour in (1, 2, 3, 6)),
    )
    series = read(path, timestamp="when", columns=("gate",))
    np.testing.assert_array_equal(series.column("gate"), [1, 2, 3, np.nan, np.nan, 6])


def test_quarters_of_an_hour_are_added_up_and_an_hour_that_lacks_one_is_missing(csv_file):
    quarters = [f"2024-05-01T{at // 4:02}:{at % 4 * 15:02},{at}" for at in range(12) if at != 6]
    path = csv_file("timestamp,a", *quarters)
    np.testing.assert_array_equal(read(path).column("a"), [6, np.nan, 38])
    np.testing.assert_allclose(read(path, combine="mean").column("a"), [1.5, 16 / 3, 9.5])


def test_the_doubled_hour_is_one_hour(csv_file):
    local = csv_file(
        "timestamp,a", *(f"2024-04-07T0{h}:00,{n}" for h, n in ((1, 1), (2, 2), (2, 4), (3, 8)))
    )
    assert read(local).column("a").tolist() == [1, 6, 8]
    utc = csv_file("timestamp,a", *(f"2024-04-06T{12 + n}:00Z,{2**n}" for n in range(4)))
    assert read(utc).column("a").tolist() == [1, 6, 8]


@pytest.mark.parametrize(
    ("lines", "message", "hint"),
    [
        (
            ["2024-05-01T00:00,1", "2024-05-01T00:00,2"],
            ":3: 2024-05-01 00:00:00 occurs twice, first on line 2",
            "once",
        ),
        (
            ["2024-05-01T01:00,1", "2024-05-01T00:00,2"],
            ":3: 2024-05-01 00:00:00 is earlier than line 2",
            "sort",
        ),
        (["2024-04-07T02:00,1"] * 3, ":4: 2024-04-07 02:00:00 occurs twice", "once"),
        (
            ["2024-09-29T01:00,1", "2024-09-29T02:30,2"],
            ":3: 2024-09-29 02:30:00 does not exist in Pacific/Auckland",
            "timeZone: UTC",
        ),
        (
            ["2024-05-01T00:00,1", "2024-05-01T01:00Z,2"],
            ":3: 2024-05-01 01:00:00+00:00 has an offset",
            "",
        ),
        (
            ["2024-05-01T00:00Z,1", "2024-05-01T01:00,2"],
            ":3: 2024-05-01 01:00:00 has no offset",
            "",
        ),
        (
            ["1.5.2024 00:00,1"],
            ":2: column `timestamp`: the value is not a timestamp",
            "ISO 8601",
        ),
        (["2024-05-01T00:00,many"], ":2: column 2: the value is not a number", ""),
        (
            ["2024-05-01T00:00,2024-05-01 00:00:00"],
            ":2: column 2: the value is a time, not a number",
            "name it with `timestamp` in model.yaml",
        ),
        (["2024-05-01T00:00,inf"], ":2: column 2: the number is infinite", ""),
        (["2024-05-01T00:00"], ":2: has 1 cells, but the header has 2", ""),
        (
            ["2024-05-01,1", "2024-05-02,2", "2024-05-03,2"],
            ":2: most rows are 24 hours apart",
            "at least one row per hour",
        ),
        (
            ["2024-05-01T00:00,1", "2104-05-01T01:00,2"],
            ":3: 2104-05-01 01:00:00 is 29219 days after line 2",
            "year",
        ),
        ([], ":1: there are no rows", ""),
    ],
)
def test_a_doubt_is_an_error_with_its_line(csv_file, lines, message, hint):
    with pytest.raises(EdgeOpsError) as caught:
        read(csv_file("timestamp,a", *lines))
    assert f"counts.csv{message}" in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("header", "options", "message"),
    [
        ("when,a", {}, "no column `timestamp`"),
        ("timestamp,a", {"columns": ("b",)}, "no column `b`"),
        ("timestamp,a,b,a", {}, "the columns 2 and 4 have the same name"),
        ("timestamp,a,a", {"columns": ("a",)}, "more than one column `a`"),
        ("timestamp,timestamp", {}, "more than one column `timestamp`"),
        ("timestamp,a", {"columns": ("timestamp", "a")}, "is the time, not a series"),
        ("timestamp", {}, "no column besides `timestamp`"),
        ("timestamp,a", {"ignore": ("b",)}, "no column `b` to ignore"),
        ("timestamp,a", {"ignore": ("a",)}, "no column besides `timestamp`"),
        ("timestamp,a", {"zone": "Auckland"}, "is not a time zone"),
    ],
)
def test_a_header_that_does_not_fit(csv_file, header, options, message):
    with pytest.raises(EdgeOpsError, match=message):
        read(csv_file(header, "2024-05-01T00:00,1"), **options)


def test_bytes_that_are_not_text():
    file = DataFile("counts.csv", b"timestamp,a\n2024-05-01T00:00,\xff\n")
    with pytest.raises(EdgeOpsError, match=r"counts.csv:2: is not UTF-8 text"):
        read(file)


def test_lines_may_end_in_any_way():
    for end in ("\n", "\r\n", "\r"):
        text = end.join(["timestamp,a", "2024-05-01T00:00,1", "2024-05-01T01:00,2"])
        assert read(DataFile("counts.csv", text.encode("utf-8-sig"))).column("a").tolist() == [1, 2]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("0001-01-01T00:00,1", "counts.csv:2: the year 1 is not between 1900 and 2200"),
        (f"2024-05-01T00:00,{'9' * 200_000}", "counts.csv:2: is not valid CSV: field larger than"),
        (f"2024-05-01T00:00,{'9' * 400}", "column 2: the number is infinite"),
    ],
)
def test_cells_that_nobody_meant(csv_file, row, message):
    with pytest.raises(EdgeOpsError, match=message):
        read(csv_file("timestamp,a", row))
