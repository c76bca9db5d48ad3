"""Events and weather that are known ahead."""

from __future__ import annotations

import numpy as np
import pytest

from edgeops.errors import EdgeOpsError
from edgeops.features.series import HourlySeries
from edgeops.training.data.known import read_events, read_weather, silent_events, together
from edgeops.training.recipe import TableSection


def test_events_cover_the_hours_that_they_touch(csv_file):
    path = csv_file(
        "name,start,end,value",
        "concert,2024-11-24T17:30,2024-11-24T19:15,0.5",
        "parade,2024-11-24T18:00,2024-11-24T19:00,",
        "parade,2024-11-24T18:00,2024-11-24T20:00,3",
    )
    events = read_events(path)
    assert str(events.start) == "2024-11-24T17"
    assert events.column("event:concert").tolist() == [0.5, 0.5, 0.5]
    assert events.column("event:parade").tolist() == [0, 4, 3]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("concert,2024-11-24T17:30,2024-11-24T17:30", "ends before it starts"),
        ("concert,2024-11-24T17:30Z,2024-11-24T18:30Z", "start: the time has an offset from UTC"),
        ("concert,24 November,2024-11-24", "start: the value is not a time"),
        ("concert,2024-11-24,9999-12-31", "end: the year 9999 is not between 1900 and 2200"),
        ("concert,0024-11-24,2024-11-25", "start: the year 24 is not between 1900 and 2200"),
        (",2024-11-24,2024-11-25", "the event has no name"),
        ("concert,2024-11-24", "has 2 cells, but the header has 3"),
    ],
)
def test_an_event_that_cannot_be(csv_file, row, message):
    with pytest.raises(EdgeOpsError, match=f"counts.csv:2: .*{message}"):
        read_events(csv_file("name,start,end", row))


def test_a_file_without_events(csv_file):
    with pytest.raises(EdgeOpsError, match="there are no events"):
        read_events(csv_file("name,start,end"))
    with pytest.raises(EdgeOpsError, match="the columns must be name, start, end"):
        read_events(csv_file("event,start"))


def test_forecasts_with_the_time_of_their_issue_are_refused_unless_that_is_left_out(csv_file):
    row = "2024-11-24T18:{0}0Z,{0},2024-11-24T0{0}:00Z"
    path = csv_file("timestamp,rain,issued", row.format(1), row.format(3))
    for columns in ((), ("rain",)):
        with pytest.raises(EdgeOpsError, match=r"counts.csv:1: the column `issued` says when"):
            read_weather(path, TableSection("", columns=columns), "UTC")
    left_out = TableSection("", ignore=("issued",))
    assert read_weather(path, left_out, "UTC").column("weather:rain").tolist() == [2]


def test_weather_and_events_together(csv_file):
    weather = read_weather(
        csv_file("timestamp,rain", "2024-11-24T16:00,1", "2024-11-24T17:00,-2"),
        TableSection("counts.csv"),
        "UTC",
    )
    events = read_events(csv_file("name,start,end", "x,2024-11-24T17:00,2024-11-24T18:30"))
    both = together([weather, events])
    assert both is not None
    assert both.columns == ("weather:rain", "event:x")
    np.testing.assert_array_equal(both.values, [[1, np.nan], [-2, 1], [np.nan, 1]])
    assert together([]) is None


OBSERVED = HourlySeries(np.datetime64("2024-11-24T00", "h"), ("a",), np.ones((48, 1)))


def test_only_the_events_that_a_window_can_see_are_kept(csv_file):
    file = csv_file(
        "name,start,end",
        "fair,1950-01-01,1950-01-02",
        "fair,2024-11-23T12:00,2024-11-24T02:00",
        "market,2024-11-25T23:00,2024-11-26T01:00",
        "market,2150-01-01,2199-01-01",
    )
    events = read_events(file, OBSERVED)
    assert (events.start, len(events)) == (OBSERVED.start, 48 + 168)
    assert np.flatnonzero(events.column("event:fair")).tolist() == [0, 1]
    assert np.flatnonzero(events.column("event:market")).tolist() == [47, 48]


def test_many_kinds_of_events_that_are_centuries_apart_need_no_memory(csv_file):
    rows = [f"kind {at},{1900 + 2 * at}-01-01,{1901 + 2 * at}-01-01" for at in range(100)]
    events = read_events(csv_file("name,start,end", *rows), OBSERVED)
    assert events.values.shape == (48 + 168, 100)


def test_events_that_touch_no_observed_hour_are_found(csv_file):
    file = csv_file(
        "name,start,end",
        "fair,2042-11-24,2042-11-25",
        "market,2024-11-25,2024-11-26",
        "ahead,2024-11-27,2024-11-28",
    )
    events = read_events(file, OBSERVED)
    assert silent_events(events, OBSERVED) == ["event:ahead", "event:fair"]
    assert silent_events(read_events(file), OBSERVED) == ["event:ahead", "event:fair"]


def test_events_between_semicolons(csv_file):
    events = read_events(csv_file("name;start;end", "fair, big;2024-11-24;2024-11-25"))
    assert events.columns == ("event:fair, big",)
