"""Local times where the clock changes: the hour that is skipped, and the one that repeats."""

from __future__ import annotations

import numpy as np
import pytest

from edgeops.errors import EdgeOpsError
from edgeops.training.data.data_file import DataFile
from edgeops.training.data.table import read_table
from edgeops.training.recipe import TableSection

SKIPPED = "2024-03-31T02"  # in Berlin


def read(rows, **options):
    lines = ["timestamp,a", *(f"2024-{stamp},{value}" for stamp, value in rows)]
    file = DataFile("counts.csv", "\n".join(lines).encode())
    return read_table(file, TableSection("counts.csv", **options), "Europe/Berlin")


def march(*hours_and_values):
    return [(f"03-31T{hour:02}:00", value) for hour, value in hours_and_values]


ALL_DAY = march((0, 1), (1, 2), (2, 3), (3, 4), (4, 5))


def test_a_table_without_clock_changes_is_told_what_to_do():
    with pytest.raises(EdgeOpsError, match=r"counts.csv:4: .*the clock skipped it") as caught:
        read(ALL_DAY)
    assert "has rows for every hour of that day" in caught.value.message
    assert "skippedHour: drop" in caught.value.hint
    with pytest.raises(EdgeOpsError) as caught:
        read(march((0, 1), (2, 3)))
    assert "for every hour" not in caught.value.message


def test_rows_in_the_skipped_hour_can_be_dropped():
    data = read(ALL_DAY, skipped_hour="drop")
    np.testing.assert_array_equal(data.series.column("a"), [1, 2, np.nan, 4, 5])
    assert [(repair.hours, str(repair.first)) for repair in data.repairs] == [(1, SKIPPED)]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (march((1, 2), (2, 3), (3, 4), (5, 6)), [2, np.nan, 3, 4, 6]),  # a gap ends the slip
        (march((1, 2), (2, 3), (3, 4), (4, ""), (5, 6)), [2, np.nan, 3, 4, 6]),
        (march((1, 2), (2, 0), (3, 4), (4, 5)), [2, np.nan, 4, 5]),  # zeros are nobody
    ],
)
def test_rows_that_are_an_hour_early_can_be_shifted(rows, expected):
    data = read(rows, skipped_hour="shift")
    np.testing.assert_array_equal(data.series.column("a"), expected)
    assert [repair.hours for repair in data.repairs] == [
        1 if rows[1][1] == 0 else len(rows) - 2 - ("" in dict(rows).values())
    ]


def test_a_shift_without_end():
    days = [
        (f"{3 + (day > 30):02}-{day % 31 + 1:02}T{hour:02}:00", 5)
        for day in range(30, 40)
        for hour in range(24)
    ]
    with pytest.raises(EdgeOpsError, match="have no gap") as caught:
        read(days, skipped_hour="shift")
    assert "skippedHour: drop" in caught.value.hint


def october(*hours_and_values):
    return [(f"10-27T{hour:02}:00", value) for hour, value in hours_and_values]


@pytest.mark.parametrize("combine", ["sum", "mean", "last"])
def test_a_repeated_hour_that_the_table_has_once_is_taken_as_it_is(combine):
    data = read(october((0, 1), (1, 1), (2, 5), (3, 2), (4, 2)), combine=combine)
    assert data.series.column("a").tolist() == [1, 1, 5, 2, 2]
    assert "has it once" in data.repairs[0].what
    assert str(data.repairs[0].first) == "2024-10-27T02"


def test_a_repeated_hour_that_the_table_has_twice_is_both():
    assert read(october((1, 1), (2, 5), (2, 6), (3, 2))).series.column("a").tolist() == [1, 11, 2]
    assert read(october((1, 1), (2, 5), (2, 6), (3, 2))).repairs == ()


def test_hours_of_zones_that_begin_at_half_past():
    lines = ["timestamp,a", *(f"2024-05-01T0{at // 2}:{at % 2 * 3}0,{at}" for at in range(6))]
    file = DataFile("counts.csv", "\n".join(lines).encode())
    series = read_table(file, TableSection("counts.csv"), "Asia/Kolkata").series
    assert str(series.start) == "2024-05-01T00"
    assert series.column("a").tolist() == [1, 5, 9]
