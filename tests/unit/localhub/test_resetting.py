"""A hub that is emptied while it runs."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from hub_jobs import call, reached, started, status, update

from edgeops.localhub.conditions import parse_conditions
from edgeops.localhub.routing import InputMessage
from edgeops.localhub.service import configurations, devices, job_runner, registry, twins
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.service.resetting import reset
from edgeops.localhub.steps import finish
from edgeops.localhub.store import HubStore


class Connection:
    """A connected device."""

    closed = ""

    def call(self, request, method, payload):
        return True

    def close(self, reason):
        self.closed = reason


@pytest.fixture
def hub(tmp_path):
    with HubStore(tmp_path / "hub.db") as store:
        hub = EmulatedHub(store)
        registry.put_device(hub, "d1", {"deviceId": "d1"}, None)
        registry.put_module(hub, "d1", "m1", {"deviceId": "d1", "moduleId": "m1"}, None)
        devices.send_telemetry(hub, "d1", "", {}, b"1")
        yield hub


def test_nothing_is_left_and_events_count_on(hub):
    body = {"id": "c1", "content": {"deviceContent": {"properties.desired.a": 1}}}
    finish(configurations.put_configuration(hub, "c1", body | {"targetCondition": "*"}, None))
    hub.store.save_subscriptions("d1", "", {"a": 1})
    now = datetime.now(UTC).timestamp()
    hub.mailboxes.keep(("d1", "m1"), InputMessage("a", {}, b"1"), 0, now + 60, now)
    last = hub.store.last_event()

    reset(hub)

    assert hub.store.entry("d1") is None
    assert hub.store.entry("d1", "m1") is None
    assert hub.store.subscriptions("d1", "") is None
    assert hub.store.configuration("c1") is None
    assert not hub.mailboxes.waits(("d1", "m1"))
    assert hub.store.events(0, 10, None) == []
    registry.put_device(hub, "d1", {"deviceId": "d1"}, None)
    assert [event["sequence"] for event in hub.store.events(last, 10, None)] == [last + 1]


def test_devices_are_disconnected(hub):
    connection, module = Connection(), Connection()
    hub.links.add(("d1", ""), connection)
    hub.links.add(("d1", "m1"), module)
    reset(hub)
    assert connection.closed == module.closed == "the hub was reset"


def test_queries_that_lag_see_the_reset_at_once(hub):
    hub.admission.change(parse_conditions({"queryDelay": 60}))
    registry.put_device(hub, "d2", {"deviceId": "d2"}, None)
    registry.delete_device(hub, "d1", None)
    assert [twin["deviceId"] for twin in twins.device_twins(hub)] == ["d1"]
    reset(hub)
    assert list(twins.device_twins(hub)) == []


def test_jobs_end_and_their_names_are_free(hub, caplog):
    hub.links.add(("d1", ""), Connection())
    running = started(hub)

    async def main():
        async with job_runner.running(running):
            call(running)
            await reached(lambda: status(running) == "running" and running.running_jobs)
            tasks = set(running.running_jobs)
            reset(running)
            await asyncio.wait(tasks)
            registry.put_device(running, "d2", {"deviceId": "d2"}, None)
            update(running)
            await reached(lambda: status(running) == "completed")
            assert twins.get_twin(running, "d2")["tags"]

    asyncio.run(main())
    assert caplog.messages == []
