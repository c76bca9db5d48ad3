"""Queries that see writes late, as those of Azure do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from edgeops.localhub.conditions import Conditions
from edgeops.localhub.service import past, registry, twins
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.steps import finish
from edgeops.localhub.store import HubStore


class Clock:
    """A clock that a test moves."""

    def __init__(self):
        self.now = datetime(2026, 1, 2, tzinfo=UTC)

    def __call__(self):
        return self.now

    def pass_by(self, seconds):
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def hub(tmp_path, clock):
    with HubStore(tmp_path / "hub.db") as store:
        hub = EmulatedHub(store, clock=clock)
        for name in ("a", "b", "c"):
            registry.put_device(hub, name, {"deviceId": name}, None)
        hub.admission.change(Conditions(query_delay=60))
        yield hub


def tag(hub, device, value):
    twins.patch_twin(hub, device, "", {"tags": {"n": value}}, None)


def seen(hub, source="devices", size=100):
    """What a query finds: names, and tags where there are any."""
    token, found = None, []
    while True:
        rows, token, _ = finish(twins.run_query(hub, f"SELECT * FROM {source}", size, token))
        for row in map(orjson.loads, rows):
            name = row["deviceId"] + (f"/{row['moduleId']}" if source != "devices" else "")
            found.append(name + str(row.get("tags", {}).get("n", "")))
        if token is None:
            return found


def test_each_write_is_seen_when_its_time_has_come(hub, clock):
    tag(hub, "b", 1)
    assert seen(hub) == ["a", "b", "c"]
    assert twins.get_twin(hub, "b")["tags"] == {"n": 1}  # reading a twin is never late
    clock.pass_by(30)
    tag(hub, "b", 2)
    clock.pass_by(31)
    assert seen(hub) == ["a", "b1", "c"]
    clock.pass_by(30)
    assert seen(hub) == ["a", "b2", "c"]


@pytest.mark.parametrize("size", [1, 2, 100])
def test_so_are_creation_and_deletion(hub, clock, size):
    registry.put_device(hub, "aa", {"deviceId": "aa"}, None)
    registry.put_module(hub, "b", "m", {"deviceId": "b", "moduleId": "m"}, None)
    registry.delete_device(hub, "c", None)
    assert (seen(hub, size=size), seen(hub, "devices.modules", size)) == (["a", "b", "c"], [])
    clock.pass_by(61)
    assert seen(hub, size=size) == ["a", "aa", "b"]
    assert seen(hub, "devices.modules", size) == ["b/m"]
    registry.delete_device(hub, "b", None)
    assert seen(hub, size=size) == ["a", "aa", "b"]
    assert seen(hub, "devices.modules", size) == ["b/m"]
    clock.pass_by(61)
    assert seen(hub, "devices.modules", size) == []


def test_a_device_that_is_made_anew_is_first_seen_as_the_old_one(hub, clock):
    tag(hub, "a", 1)
    clock.pass_by(61)
    registry.delete_device(hub, "a", None)
    registry.put_device(hub, "a", {"deviceId": "a"}, None)
    assert seen(hub)[0] == "a1"
    clock.pass_by(61)
    assert seen(hub)[0] == "a"


def test_without_a_delay_everything_is_seen_at_once(hub):
    tag(hub, "b", 1)
    hub.admission.change(Conditions())
    assert seen(hub) == ["a", "b1", "c"]


def test_what_is_remembered_is_bounded(hub, clock, monkeypatch):
    monkeypatch.setattr(past, "MAX_CHANGES", 2)
    for value in range(5):
        tag(hub, "a", value)
    tag(hub, "b", 0)
    assert seen(hub) == ["a3", "b", "c"]  # of older changes it sees the last
    clock.pass_by(61)
    tag(hub, "c", 0)
    assert seen(hub) == ["a4", "b0", "c"]
