"""Hours of UTC as hours on the clock of a site, over both changes of the clock."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.errors import EdgeOpsError
from edgeops.features.wall_clock import (
    phase,
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


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("UTC", 0),
        ("Pacific/Auckland", 0),
        ("Asia/Kolkata", 1800),
        ("Australia/Adelaide", 1800),
        ("America/St_Johns", 1800),
        ("Asia/Kathmandu", 900),
        ("Pacific/Chatham", 900),
    ],
)
def test_the_phase_of_a_zone(name, seconds):
    assert phase(time_zone(name)) == seconds


@pytest.mark.parametrize(
    "name", ["Asia/Kolkata", "Australia/Adelaide", "America/St_Johns", "Asia/Kathmandu"]
)
@given(hour=st.integers(365_000, 600_000))  # 2011 to 2038
def test_hours_begin_when_those_of_the_zone_do(name, hour):
    zone = time_zone(name)
    (wall,) = wall_hours(np.array([hour]), zone)
    moment = datetime.fromtimestamp(hour * 3600 + phase(zone), zone)
    assert moment.minute == 0 or name == "America/St_Johns"  # it has changed at 0:01
    assert str(wall) == moment.strftime("%Y-%m-%dT%H")
    (back,) = utc_hours(np.array([wall]), zone)
    assert hour - back in (0, 1)


def test_both_changes_of_the_clock_in_a_zone_of_half_hours():
    zone = time_zone("Australia/Adelaide")
    first = int(datetime.fromisoformat("2024-04-07T01:00+10:30").timestamp()) // 3600
    series = to_wall_clock(first, ("count",), np.array([[1.0], [2], [4], [8]]), zone)
    assert str(series.start) == "2024-04-07T01"
    assert series.values[:, 0].tolist() == [1, 6, 8]


def test_a_zone_whose_hours_begin_at_other_minutes_in_summer_is_refused():
    with pytest.raises(
        EdgeOpsError, match=r"Lord_Howe is \+10.5 or \+11 hours from UTC: its hours begin at other"
    ):
        wall_hours(np.array([0]), time_zone("Australia/Lord_Howe"))


def test_times_before_a_zone_changed_its_minutes_are_refused():
    zone = time_zone("America/Caracas")
    in_2010 = np.datetime64("2010-05-01T00", "h")
    with pytest.raises(EdgeOpsError, match=r"Caracas was -4.5 hours from UTC in 2010"):
        wall_hours(in_2010.astype(np.int64)[None], zone)
    with pytest.raises(EdgeOpsError, match=r"Caracas was -4.5 hours from UTC in 2010"):
        utc_hours(in_2010[None], zone)
