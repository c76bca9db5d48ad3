"""Hours of UTC as hours on the clock of a site, over both changes of the clock."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.errors import EdgeOpsError
from edgeops.features.wall_clock import (
    skipped_hours,
    time_zone,
    to_wall_clock,
    utc_hours,
    wall_hours,
)

AUCKLAND = time_zone("Pacific/Auckland")
SPRING = np.datetime64("2024-09-29T02", "h")  # does not exist
AUTUMN = np.datetime64("2024-04-07T02", "h")  # happens twice


def utc_hour(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) // 3600


def series_from(first: str, *numbers: float, doubled="sum"):
    values = np.array(numbers)[:, None]
    return to_wall_clock(utc_hour(first), ("count",), values, AUCKLAND, doubled)


def test_the_hour_that_happens_twice_has_the_sum_of_both():
    series = series_from("2024-04-07T01:00+13:00", 1, 2, 4, 8)
    assert [str(hour) for hour in series.hours] == [
        "2024-04-07T01",
        "2024-04-07T02",
        "2024-04-07T03",
    ]
    assert series.values[:, 0].tolist() == [1, 6, 8]
    mean = series_from("2024-04-07T01:00+13:00", 1, 2, 4, 8, doubled="mean")
    assert mean.values[:, 0].tolist() == [1, 3, 8]


def test_an_hour_is_left_out_while_it_is_about_to_happen_again():
    assert len(series_from("2024-04-07T01:00+13:00", 1, 2)) == 1
    assert len(series_from("2024-04-07T01:00+13:00", 1, 2, 4)) == 2
    assert len(series_from("2024-04-07T02:00+13:00", 2)) == 0


def test_the_hour_that_is_skipped_has_no_value():
    series = series_from("2024-09-29T01:00+12:00", 1, 2)
    assert [str(hour) for hour in series.hours] == [
        "2024-09-29T01",
        "2024-09-29T02",
        "2024-09-29T03",
    ]
    np.testing.assert_array_equal(series.values[:, 0], [1, np.nan, 2])


def test_every_zone_knows_its_skipped_hours():
    def between(first, last, zone):
        return [
            str(hour)
            for hour in skipped_hours(
                np.datetime64(first, "h"), np.datetime64(last, "h"), time_zone(zone)
            )
        ]

    assert between("2024-01-01", "2024-12-31", "Pacific/Auckland") == [str(SPRING)]
    assert between("2024-09-29T03", "2024-12-31", "Pacific/Auckland") == []
    assert between("2024-09-29T02", "2024-09-29T02", "Pacific/Auckland") == [str(SPRING)]
    assert between("2024-01-01", "2024-12-31", "America/Santiago") == ["2024-09-08T00"]
    assert between("2024-01-01", "2024-12-31", "UTC") == []


@given(st.integers(-(10**5), 10**6))
def test_from_utc_to_the_wall_clock_and_back(utc):
    wall = wall_hours(np.array([utc]), AUCKLAND)
    (back,) = utc_hours(wall, AUCKLAND)
    assert back in (utc, utc - 1)
    if back == utc - 1:  # the second of a doubled hour
        assert wall_hours(np.array([utc - 1]), AUCKLAND)[0] == wall[0]


def test_a_skipped_hour_becomes_the_one_after_it():
    assert utc_hours(np.array([SPRING]), AUCKLAND) == utc_hour("2024-09-29T03:00+13:00")


@pytest.mark.parametrize("name", ["Auckland", "", "../etc/passwd", "Pacific/Nowhere"])
def test_an_unknown_zone(name):
    with pytest.raises(EdgeOpsError, match="is not a time zone"):
        time_zone(name)


def test_a_zone_of_half_hours_is_refused():
    with pytest.raises(EdgeOpsError, match=r"Asia/Kolkata is \+5.5 hours from UTC"):
        wall_hours(np.array([0]), time_zone("Asia/Kolkata"))
