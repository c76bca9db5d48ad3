"""The yearly files of Auckland's pedestrian counts: how one is read, and what is refused."""

from __future__ import annotations

import pytest

from edgeops.errors import EdgeOpsError
from edgeops.training.data.akl import read_akl

HEADER = "date,hour,year,a,b"


def row(date: str, hour: int, *counts: object) -> str:
    return ",".join([date, f"{hour}:00-{hour}:59", date[:4], *map(str, counts)])


def test_a_part_of_the_file(csv_file):
    path = csv_file(HEADER, row("2023-03-31", 23, 1, 2), row("2023-03-31", 0, 3, ""))
    series = read_akl(path).series
    assert [str(hour) for hour in series.hours] == ["2023-03-31T23", "2023-04-01T00"]
    assert series.column("a").tolist() == [1, 3]


def test_a_part_that_begins_after_midnight(csv_file):
    assert (
        str(read_akl(csv_file(HEADER, row("2023-03-31", 5, 1, 2))).series.start) == "2023-04-01T05"
    )


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["time,a", "1,2"], ":1: the columns are not date, hour, year"),
        ([HEADER], ":1: there are no rows"),
        ([HEADER, row("2023-03-31", 7, 1)], ":2: has 4 cells, but the header has 5"),
        ([HEADER, row("2023-03-31", 7, 1, "x")], ":2: column 5: the count is not a number"),
        ([HEADER, "2023-03-31,7,2023,1,2"], ":2: hour: the value is not an hour such as 6:00-6:59"),
        ([HEADER, row("31.3.2023", 7, 1, 2)], ":2: date: the value is not a date"),
        ([HEADER, row("NaT", 7, 1, 2)], ":2: date: the value is not a date"),
        ([HEADER, row("9999-12-31", 7, 1, 2)], ":2: the year 9999 is not between 1900 and 2200"),
        (
            [HEADER, row("2023-03-31", 7, 1, 2), row("2023-03-31", 9, 1, 2)],
            ":3: the hour is 9:00-9:59; after the rows above, it must be 2023-03-31T08",
        ),
    ],
)
def test_an_error_names_the_line(csv_file, lines, message):
    with pytest.raises(EdgeOpsError) as caught:
        read_akl(csv_file(*lines))
    assert f"counts.csv{message}" in caught.value.message
    assert caught.value.hint


def test_counts_in_a_skipped_hour_that_nothing_explains(csv_file):
    rows = [row("2024-09-28", hour, 1, 2) for hour in (1, 2, 3)]
    with pytest.raises(EdgeOpsError, match="an hour that the clock in Pacific/Auckland skipped"):
        read_akl(csv_file(HEADER, *rows))
