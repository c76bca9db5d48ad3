"""Columns that are known ahead: what is known, what is not, and what a window has of it."""

from __future__ import annotations

import numpy as np
import pytest

from edgeops.errors import EdgeOpsError
from edgeops.features.known import CalendarEvent, event_hours, known_columns
from edgeops.features.registry import feature
from edgeops.features.series import HourlySeries
from edgeops.features.spec import Base, Site, WindowSpec
from edgeops.features.spec_json import from_json, to_json
from edgeops.features.window import WindowBuilder

START = np.datetime64("2024-03-04T00", "h")
NAMES = ("event:market", "weather:rain", "known:event:market", "known:weather:rain")


def spec(**changes) -> WindowSpec:
    base = {
        "features": ("log_base", *NAMES),
        "columns": ("count",),
        "site": Site("UTC"),
        "base": Base("median", 1),
        "level_hours": 168,
        "steps": 4,
        "horizon": 4,
        "unknown": (2.5,),
    }
    return WindowSpec(**(base | changes))


def window(known: HourlySeries | None, **changes) -> np.ndarray:
    """The rows of the newest window, without `log_base`."""
    counts = HourlySeries(START, ("count",), np.full((240, 1), 7.0))
    return WindowBuilder(spec(**changes)).window(counts, known).values[0][:, 1:]


def known(start: str, *rows: tuple[float, float]) -> HourlySeries:
    hour = np.datetime64(start, "h")
    return HourlySeries(hour, ("event:market", "weather:rain"), np.array(rows, float))


def test_an_unknown_hour_has_what_training_had_on_average_and_says_so():
    rows = window(known("2024-03-14T00", (1, 4), (0, np.nan), (np.nan, 6)))
    assert rows.tolist() == [[1, 4, 1, 1], [0, 2.5, 1, 0], [0, 6, 0, 1], [0, 2.5, 0, 0]]


def test_a_longer_step_is_known_in_part():
    rows = window(known("2024-03-14T00", (1, 4), (0, np.nan), (1, 6)), interval=2)
    assert rows[0].tolist() == [0.5, 3.25, 1, 0.5]
    assert rows[1].tolist() == [0.5, 4.25, 0.5, 0.5]


def test_a_specification_of_before_has_zero_where_nothing_is_known():
    assert window(known("2024-03-15T00", (1, 4)), unknown=()).tolist() == [[0.0] * 4] * 4


def test_no_columns_at_all_are_an_error():
    with pytest.raises(EdgeOpsError, match="`event:market` needs columns that are known ahead"):
        window(None)


def test_what_is_unknown_is_in_the_json_only_where_it_says_something():
    assert from_json(to_json(spec())) == spec()
    assert to_json(spec())["unknown"] == [2.5]
    assert from_json(to_json(spec(unknown=(-1.2e7,)))).unknown == (-1.2e7,)
    assert "unknown" not in to_json(spec(unknown=()))
    assert from_json(to_json(spec(unknown=()))).unknown == ()


@pytest.mark.parametrize("unknown", [(1.0, 2.0), (float("nan"),)])
def test_a_number_for_each_weather_feature(unknown):
    with pytest.raises(EdgeOpsError, match="`unknown` is not 1 finite numbers"):
        spec(unknown=unknown)


def test_the_columns_that_features_need():
    assert known_columns(("dev", *NAMES)) == ("event:market", "weather:rain")
    assert known_columns(("known:weather:wind",)) == ("weather:wind",)


@pytest.mark.parametrize(
    "name", ["known:", "known:dev", "known:known:event:x", "event:", "known:event:"]
)
def test_a_name_that_is_none(name):
    with pytest.raises(EdgeOpsError, match="there is no feature"):
        feature(name)


def test_events_before_within_and_after_the_hours():
    def event(start: str, end: str, name: str = "x", value: float = 1.0) -> CalendarEvent:
        return CalendarEvent(name, np.datetime64(start, "m"), np.datetime64(end, "m"), value)

    events = [
        event("2024-03-03T22:00", "2024-03-04T00:30"),
        event("2024-03-04T02:59", "2024-03-04T03:01", value=2),
        event("2024-03-04T03:00", "2024-05-01T00:00"),
        event("2024-03-01T00:00", "2024-03-02T00:00"),
        event("2024-03-04T00:00", "2024-03-05T00:00", "another"),
    ]
    assert event_hours(events, ["x"], START, 5)[:, 0].tolist() == [1, 0, 2, 3, 1]
