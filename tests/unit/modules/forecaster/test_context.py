"""What is known ahead on a device: merged from messages and files, bounded, kept on disk."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeops.features.context_document import MAX_SERIES
from edgeops.features.wall_clock import time_zone
from edgeops.modules.forecaster.context import MAX_CALENDARS, Contexts
from edgeops.modules.forecaster.context_keeper import FORMAT, ContextKeeper
from edgeops.modules.runtime.slots import CurrentModel, write_current

NOW = datetime(2026, 3, 1, 6, tzinfo=UTC).timestamp()
HOUR = 3600


def iso(hours: float = 0) -> str:
    return datetime.fromtimestamp(NOW + hours * HOUR, UTC).isoformat()


def weather(values: list[Any], hours: float = 0, *, issued: float | None = None, **said: Any):
    document = {"context": 1, "series": {"rain": {"start": iso(hours), "values": values, **said}}}
    return document if issued is None else {**document, "issued": iso(issued)}


def events(*list_: tuple[str, str, str], **said: Any) -> dict[str, Any]:
    found = [{"name": name, "start": start, "end": end} for name, start, end in list_]
    return {"context": 1, "events": found, **said}


@pytest.fixture
def keeper(tmp_path) -> ContextKeeper:
    return ContextKeeper(tmp_path)


def tell(keeper: ContextKeeper, *documents: Any, now: float = NOW) -> None:
    for document in documents:
        keeper.take(json.dumps(document), now)


def column(
    keeper: ContextKeeper,
    name: str = "weather:rain",
    start: str = "2026-03-01T06",
    count: int = 4,
    zone: str = "UTC",
) -> list[float | None]:
    hour = np.datetime64(start, "h")
    ahead = keeper.ahead(NOW, (name,), hour, count, count, time_zone(zone))
    return [None if value != value else value for value in ahead.series.values[:, 0].tolist()]


def put(storage: Path, slot: str, document: Any, form: str = FORMAT, sha256: str = "") -> None:
    data = json.dumps(document).encode()
    path = storage / slot / f"{hashlib.sha256(data).hexdigest()[:8]}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    digest = sha256 or hashlib.sha256(data).hexdigest()
    write_current(CurrentModel(slot, path, "c", "1", digest, "", len(data), form, ""))


def test_of_each_hour_the_document_issued_last_counts_in_whatever_order_they_come(keeper):
    tell(keeper, weather([5, 6], 1, issued=0), weather([1, 2, None, 4], issued=-6))
    assert column(keeper) == [1, 5, 6, 4]


def test_a_message_that_does_not_say_when_is_issued_as_it_comes(keeper):
    tell(keeper, weather([1, 2]))
    tell(keeper, weather([3], issued=-1))
    tell(keeper, weather([7]), now=NOW + 60)
    assert column(keeper, count=2) == [7, 2]


def test_values_of_a_quarter_become_the_mean_of_their_hour_and_long_ones_hold(keeper):
    tell(keeper, weather([1, 2, 3, 6, 8], minutes=15), weather([9], 2, minutes=120))
    assert column(keeper) == [3, 8, 9, 9]


def test_a_quarter_hour_forecast_gives_way_to_a_newer_hourly_one(keeper):
    tell(keeper, weather([1, 1, 1, 1], minutes=15, issued=-2), weather([4], issued=-1))
    assert column(keeper, count=1) == [4]


def test_hours_are_those_on_the_wall_of_the_site(keeper):
    spring = datetime(2026, 9, 26, 12, tzinfo=UTC)  # midnight in Auckland; the clock skips 2:00
    start = {"start": spring.isoformat(), "values": [0, 1, 2, 3]}
    keeper.take(json.dumps({"context": 1, "series": {"rain": start}}), spring.timestamp())
    hour, zone = np.datetime64("2026-09-27T00", "h"), time_zone("Pacific/Auckland")
    ahead = keeper.ahead(spring.timestamp(), ("weather:rain",), hour, 5, 5, zone)
    np.testing.assert_array_equal(ahead.series.values[:, 0], [0, 1, np.nan, 2, 3])


def test_an_hour_that_comes_twice_has_the_mean(keeper):
    autumn = datetime(2026, 4, 4, 12, tzinfo=UTC)  # 1:00 in Auckland; 2:00 comes twice
    start = {"start": autumn.isoformat(), "values": [1, 2, 4, 5]}
    keeper.take(json.dumps({"context": 1, "series": {"rain": start}}), autumn.timestamp())
    hour, zone = np.datetime64("2026-04-05T01", "h"), time_zone("Pacific/Auckland")
    ahead = keeper.ahead(autumn.timestamp(), ("weather:rain",), hour, 3, 3, zone)
    assert ahead.series.values[:, 0].tolist() == [1, 3, 5]


class TestEvents:
    """Calendars: an hour that one covers and has no event in is known to have none."""

    MARKET = ("market", "2026-03-01T07:30", "2026-03-01T08:30")

    def test_on_the_clock_of_the_site_or_with_an_offset(self, keeper):
        concert = ("concert", "2026-03-01T06:00Z", "2026-03-01T07:00Z")
        auckland = ("concert", "2026-03-01T21:00+13:00", "2026-03-01T22:00+13:00")
        tell(keeper, events(self.MARKET, concert, auckland))
        assert column(keeper, "event:market") == [0, 1, 1, 0]
        assert column(keeper, "event:concert") == [1, 0, 1, 0]

    def test_a_name_that_no_calendar_has_is_unknown_unless_it_is_listed(self, keeper):
        tell(keeper, events(self.MARKET))
        assert column(keeper, "event:parade") == [None] * 4
        tell(keeper, events(calendar={"names": ["parade"], "until": "2026-03-01T08:30"}))
        assert column(keeper, "event:parade") == [0, 0, None, None]
        assert column(keeper, "event:market") == [0, 1, 1, 0]

    def test_the_calendar_issued_last_counts_where_it_reaches(self, keeper):
        newer = events(issued=iso(), calendar={"names": ["market"], "until": "2026-03-01T08:00"})
        tell(keeper, newer, events(self.MARKET, issued=iso(-5)))
        assert column(keeper, "event:market") == [0, 0, 1, 0]

    def test_a_calendar_of_messages_reaches_two_weeks(self, keeper):
        tell(keeper, events(self.MARKET))
        assert column(keeper, "event:market", "2026-03-15T04") == [0, 0, None, None]


class TestFiles:
    """Slots whose files are context."""

    def test_slots_and_messages_together(self, keeper, tmp_path):
        put(tmp_path, "events", events(("market", "2026-03-01T07:00", "2026-03-01T08:00")))
        put(tmp_path, "rain", weather([1, 2, 3, 4]))
        keeper.look(("events", "rain"))
        tell(keeper, weather([9], 1, issued=-48))  # the file does not say when it was issued
        assert column(keeper, "event:market") == [0, 1, 0, 0]
        assert column(keeper) == [1, 9, 3, 4]
        assert keeper.slot_faults == ()

    def test_another_file_in_the_slot_is_read_and_counts_as_a_change(self, keeper, tmp_path):
        put(tmp_path, "rain", weather([1]))
        keeper.look(("rain",))
        keeper.look(("rain",))
        assert (column(keeper, count=1), keeper.changes) == ([1], 1)
        put(tmp_path, "rain", weather([2]))
        keeper.look(("rain",))
        assert (column(keeper, count=1), keeper.changes) == ([2], 2)
        keeper.look(())
        assert (column(keeper, count=1), keeper.changes) == ([None], 3)

    def test_of_files_that_do_not_say_when_the_later_slot_counts(self, keeper, tmp_path):
        put(tmp_path, "a", weather([1]))
        put(tmp_path, "b", weather([2]))
        keeper.look(("a", "b"))
        assert column(keeper, count=1) == [2]
        keeper.look(("b", "a"))
        assert column(keeper, count=1) == [1]

    @pytest.mark.parametrize(
        ("changes", "fault"),
        [
            ({"form": "onnx"}, "the format is onnx, not edgeops-context"),
            ({"sha256": "0" * 64}, "the file is not what the slot says it is"),
            ({"document": 7}, 'context is not {"context": 1, ...}'),
        ],
    )
    def test_what_is_wrong_with_a_slot_is_said(self, keeper, tmp_path, changes, fault):
        put(tmp_path, "rain", **({"document": weather([1])} | changes))
        keeper.look(("rain", "other"))
        assert keeper.slot_faults == (
            f"context: in the slot rain: {fault}",
            "context: the slot other is empty",
        )
        assert column(keeper, count=1) == [None]


def test_how_much_is_known(keeper):
    tell(keeper, weather([1, 2], issued=-6), events(("x", iso(), iso(1))))
    hour = np.datetime64("2026-03-01T06", "h")
    wanted = ("weather:rain", "event:x", "weather:wind")
    ahead = keeper.ahead(NOW, wanted, hour, 6, 4, time_zone("UTC"))
    seen = [(each.hours, each.of, each.issued, each.ever) for each in ahead.columns]
    assert seen == [(2, 4, NOW - 6 * HOUR, True), (4, 4, NOW, True), (0, 4, None, False)]


class TestKept:
    """On disk, and bounded."""

    def test_a_restart_knows_what_messages_said(self, keeper, tmp_path):
        market = ("market", "2026-03-01T07:30+01:00", "2026-03-01T08:30+01:00")
        tell(keeper, weather([1, 2]), events(market, calendar={"from": "2026-03-01T07:00"}))
        again = ContextKeeper(tmp_path)
        again.open()
        for name in ("weather:rain", "event:market"):
            assert column(again, name) == column(keeper, name)
            assert any(column(again, name))

    @pytest.mark.parametrize(
        "content", [b"", b"{", b"7", b'{"calendars": [7], "series": {}}', b"\xff\0"]
    )
    def test_a_damaged_file_counts_as_none(self, tmp_path, content):
        (tmp_path / "history").mkdir()
        (tmp_path / "history/context.json").write_bytes(content)
        keeper = ContextKeeper(tmp_path)
        keeper.open()
        tell(keeper, weather([1]))
        assert column(keeper, count=1) == [1]

    def test_storage_that_cannot_be_used_costs_nothing_but_the_copy_until_it_can(self, tmp_path):
        (tmp_path / "history").write_bytes(b"")
        keeper = ContextKeeper(tmp_path)
        tell(keeper, weather([1]))
        assert keeper.storage_fault == "cannot keep the context: File exists"
        assert column(keeper, count=1) == [1]
        (tmp_path / "history").unlink()
        keeper.save()
        again = ContextKeeper(tmp_path)
        again.open()
        assert (keeper.storage_fault, column(again, count=1)) == (None, [1])

    def test_a_file_that_went_away_is_written_again(self, keeper, tmp_path):
        tell(keeper, weather([1]))
        (tmp_path / "history/context.json").unlink()
        keeper.save()
        assert (tmp_path / "history/context.json").exists()

    def test_old_and_far_hours_are_dropped(self, keeper):
        tell(keeper, weather([1] * 24 * 40, -24 * 20))
        cells = keeper._told.series["rain"]
        assert len(cells) == (9 + 14) * 24
        tell(keeper, events(), now=NOW + 30 * 86400)
        assert keeper._told.series == {}

    def test_there_are_only_so_many_series_and_calendars(self, keeper):
        for number in range(3):
            names = [f"{number}-{index}" for index in range(MAX_SERIES - 10)]
            series = {name: {"start": iso(), "values": [1]} for name in names}
            tell(keeper, {"context": 1, "series": series})
        assert len(keeper._told.series) == MAX_SERIES
        assert keeper.refused == 3 * (MAX_SERIES - 10) - MAX_SERIES
        for number in range(100):
            calendar = {"names": [f"x{number}"]}
            tell(keeper, events(issued=iso(number / 100), calendar=calendar))
        assert len(keeper._told.calendars) == MAX_CALENDARS
        assert column(keeper, "event:x99") == [0] * 4

    def test_a_calendar_replaces_older_ones_of_its_names(self, keeper):
        for minute in range(5):
            tell(keeper, events(("x", iso(1), iso(2))), now=NOW + minute * 60)
        assert len(keeper._told.calendars) == 1

    @pytest.mark.parametrize("hours", [2, 24 * 365 * 100])
    def test_what_was_issued_in_the_future_is_refused_and_changes_nothing(
        self, keeper, tmp_path, hours
    ):
        put(tmp_path, "rain", weather([8], issued=hours))
        keeper.look(("rain",))
        tell(keeper, weather([9], issued=hours), weather([1], issued=0.9))
        assert column(keeper, count=1) == [1]
        fault = "context: issued is more than an hour ahead of the clock"
        assert (keeper.refused, keeper.fault) == (1, fault)
        assert keeper.slot_faults == (f"context: in the slot rain: {fault}",)

    @pytest.mark.parametrize("hours", [-24 * 30, 24 * 15, 24 * 365 * 100])
    def test_weather_of_other_times_is_refused_and_its_neighbours_are_kept(self, keeper, hours):
        other = {"wind": {"start": iso(hours), "values": [1, 2]}}
        tell(keeper, {"context": 1, "series": {**other, **weather([3])["series"]}})
        assert column(keeper, count=1) == [3]
        why = "context: series wind: its values are all too old, or more than 14 days ahead"
        assert (keeper.refused, keeper.fault) == (1, why)

    def test_each_file_may_have_all_the_series_that_there_can_be(self, keeper, tmp_path):
        slots = ("a", "b")
        for slot in slots:
            names = [f"{slot}{number}" for number in range(MAX_SERIES)]
            series = {name: {"start": iso(), "values": [7]} for name in names}
            put(tmp_path, slot, {"context": 1, "series": series})
        keeper.look(slots)
        last = MAX_SERIES - 1
        assert [column(keeper, f"weather:{slot}{last}", count=1) for slot in slots] == [[7], [7]]
        assert keeper.slot_faults == ()

    def test_what_cannot_be_read_is_counted(self, keeper):
        keeper.take(b"{", NOW)
        tell(keeper, weather([1, "wet"]), weather([5], issued=30))
        assert (keeper.refused, keeper.fault) == (
            3,
            "context: issued is more than an hour ahead of the clock",
        )
        assert column(keeper, count=2) == [1, None]


def test_nothing_is_known_without_anything():
    ahead = Contexts().ahead(("event:x",), np.datetime64(0, "h"), 2, 2, time_zone("UTC"))
    assert np.isnan(ahead.series.values).all()
