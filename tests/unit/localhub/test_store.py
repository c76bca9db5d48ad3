"""What the store keeps, how much of it, and that it can be read while it is written."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime

import orjson
import pytest

from edgeops.localhub.service import devices, registry
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.state.entry import Configured
from edgeops.localhub.state.events import Event
from edgeops.localhub.store import MAX_EVENT_BYTES, HubStore


@pytest.fixture
def store(tmp_path):
    with HubStore(tmp_path / "hub.db") as store:
        yield store


def event(number, size, device="d1"):
    return Event(device, "", {"number": number, "body": "x" * size})


def numbers(store):
    return [stored["number"] for stored in store.events(0, 1_000_000, None)]


def add(store, *events):
    with store.transaction():
        store.add_events(events)


def test_of_large_events_the_newest_are_kept(store, tmp_path):
    each = 250_000
    for number in range(400):
        add(store, event(number, each))
    oldest = store.events(0, 1, None)[0]["number"]
    assert 0 < 400 - oldest - MAX_EVENT_BYTES // (each + 50) <= 1
    assert store.events(0, 1, None)[0]["sequence"] == oldest + 1
    assert store.last_event() == 400
    kept = sum((tmp_path / name).stat().st_size for name in ("hub.db", "hub.db-wal"))
    assert kept < 2 * MAX_EVENT_BYTES


def test_one_large_event_takes_the_room_of_many_small_ones(store, monkeypatch):
    small, large = (len(orjson.dumps(event(10, size).document)) for size in (100, 9_000))
    monkeypatch.setattr("edgeops.localhub.store.MAX_EVENT_BYTES", large + 5 * small)
    add(store, *(event(number, 100) for number in range(10, 50)))
    assert numbers(store)[-1] == 49
    assert len(numbers(store)) == 40
    add(store, event(50, 9_000))
    assert numbers(store) == list(range(45, 51))
    add(store, event(51, 30_000))  # the newest is kept whatever it has
    assert numbers(store) == [51]


def test_a_page_of_large_events_is_shorter(store):
    add(store, *(event(number, 300_000) for number in range(10)))
    first = store.events(0, 100, None)
    assert [stored["number"] for stored in first] == [0, 1, 2, 3]
    assert [stored["number"] for stored in store.events(4, 100, None)] == [4, 5, 6, 7]


def test_the_events_of_one_device_are_found_without_reading_those_of_others(store):
    add(store, event(0, 10, "rare"), *(event(number, 10) for number in range(1, 3000)))
    steps = []
    store._sqlite.set_progress_handler(lambda: steps.append(1), 100)
    assert [stored["number"] for stored in store.events(0, 100, "rare")] == [0]
    assert store.events(1, 100, "rare") == store.events(0, 100, "nobody") == []
    assert store.start_of_last_events(1, "rare") == store.start_of_last_events(1, "nobody") == 0
    assert len(steps) < 10, "a scan of all takes more than 100"


@pytest.mark.parametrize(
    ("count", "device", "numbers"),
    [
        (0, None, []),
        (2, None, [3, 4]),
        (5, None, [0, 1, 2, 3, 4]),
        (9, None, [0, 1, 2, 3, 4]),
        (0, "d1", []),
        (2, "d1", [2, 4]),
        (9, "d1", [0, 2, 4]),
    ],
)
def test_the_last_events(store, count, device, numbers):
    add(store, *(event(number, 10, f"d{1 + number % 2}") for number in range(5)))
    start = store.start_of_last_events(count, device)
    assert [stored["number"] for stored in store.events(start, 100, device)] == numbers


def test_events_of_the_layout_before_are_taken_over(tmp_path, store):
    add(store, *(event(number, 100) for number in range(1200)))
    store._sqlite.executescript(
        """
        CREATE TABLE events (sequence INTEGER PRIMARY KEY, device TEXT, body BLOB);
        INSERT INTO events SELECT sequence, device, body FROM feed;
        DROP TABLE feed;
        PRAGMA user_version = 2;
        """
    )
    with HubStore(tmp_path / "hub.db") as later:
        assert numbers(later)[0] == 200
        add(later, event(1200, 100))
        assert numbers(later)[-1] == 1200
        assert later.last_event() == 1201
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            later._sqlite.execute("SELECT * FROM events")


def test_entries_that_a_version_without_configurations_stored_are_read(store):
    hub = EmulatedHub(store)
    registry.put_device(hub, "d1", {"deviceId": "d1"}, None)
    before = store.entry("d1")
    store._sqlite.execute(
        "UPDATE entries SET body ="
        " CAST(json_remove(CAST(body AS TEXT), '$.configured', '$.connection.model') AS BLOB)"
    )
    assert store.entry("d1") == before
    store.save(store.entry("d1"))
    assert store.entry("d1") == before
    assert store.configured_devices() == []


def test_what_configurations_have_done_is_kept(store):
    hub = EmulatedHub(store)
    for name in ("d1", "d2"):
        registry.put_device(hub, name, {"deviceId": name, "capabilities": {"iotEdge": True}}, None)
    done = Configured({"c1": "Applied"}, ("", "/a"), ("/b",))
    entry = replace(store.entry("d2", "$edgeAgent"), configured=done)
    store.save(entry)
    assert store.entry("d2", "$edgeAgent") == entry
    assert store.configured_devices() == ["d2"]


def test_entries_are_read_while_others_are_written(store):
    hub = EmulatedHub(store, clock=lambda: datetime(2026, 1, 2, tzinfo=UTC))
    for number in range(100):
        registry.put_device(hub, f"d{number:03}", {"deviceId": f"d{number:03}"}, None)
        registry.put_module(
            hub, f"d{number:03}", "m", {"deviceId": f"d{number:03}", "moduleId": "m"}, None
        )
    for read in (store.devices, store.all_modules):
        seen = []
        for entry in read():
            seen.append(entry.identity.device)
            devices.set_connected(hub, entry.identity.device, "", connected=True)
        assert seen == [f"d{number:03}" for number in range(100)]
