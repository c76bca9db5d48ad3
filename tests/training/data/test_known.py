"""Events and weather that are known ahead."""

from __future__ import annotations

import numpy as np
import pytest

from edgeops.errors import EdgeOpsError
from edgeops.training.data.known import read_events, read_weather, together
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
