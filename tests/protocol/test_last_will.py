"""The Will of a device: what it leaves to be said when it is gone; a hub without sockets."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

import pytest

from edgeops.localhub.doors import Doors
from edgeops.localhub.mqtt.broker import Broker
from edgeops.localhub.mqtt.packets import Connack, Disconnect, Publish, Will, encode
from edgeops.localhub.mqtt.server import _Socket
from edgeops.localhub.service import registry

EVENTS = "devices/d1/messages/events/"


@pytest.fixture
def telemetry(hub):
    """The device-to-cloud messages so far."""
    return lambda: [e for e in hub.hub.store.events(0, 1000, None) if e["source"] == "Telemetry"]


def will(topic=EVENTS, payload=b'"bye"', qos=1, retain=False):
    return Will(topic, payload, qos, retain)


def test_the_will_of_a_device_that_vanishes_becomes_telemetry(hub, telemetry):
    topic = EVENTS + "$.ct=application%2Fjson&a=b"
    client = hub.connect("d1", will=will(topic, b'{"gone": true}'))
    assert telemetry() == []
    client.vanish()
    client.vanish()
    [event] = telemetry()
    assert (event["deviceId"], event["body"]) == ("d1", {"gone": True})
    assert event["systemProperties"] == {"content-type": "application/json"}
    assert event["properties"] == {"a": "b", "iothub-MessageType": "Will"}


@pytest.mark.parametrize(
    "topic",
    ["devices/d1/modules/m1/messages/events", "devices/d1/modules/m1/messages/events/$.on=o"],
)
def test_a_module_has_a_will_of_its_own(hub, telemetry, topic):
    hub.connect("d1/m1", will=will(topic)).vanish()
    [event] = telemetry()
    assert (event["moduleId"], event["body"]) == ("m1", "bye")


def test_a_device_that_says_good_bye_needs_no_will(hub, telemetry):
    client = hub.connect("d1", will=will())
    client.send(Disconnect())
    client.vanish()
    assert telemetry() == []


@pytest.mark.parametrize("lifetime", [3600, 100], ids=["idle", "expired"])
def test_the_will_is_said_when_the_hub_closes_the_connection(hub, telemetry, lifetime):
    password = hub.token("d1", lifetime=lifetime).encode()
    client = hub.connect("d1", will=will(), password=password, keep_alive=200)
    hub.pass_time(99)
    assert telemetry() == []
    hub.pass_time(202)
    assert client.closed
    assert len(telemetry()) == 1


def test_the_will_is_said_when_the_client_breaks_the_protocol(hub, telemetry):
    hub.connect("d1", will=will()).publish("not/its/own", b"1")
    hub.connect("d1", again=True, will=will(payload=b"2")).send_bytes(b"\xf0\x00")
    assert [event["body"] for event in telemetry()] == ["bye", 2]


def test_the_will_is_said_when_another_connection_takes_over(hub, telemetry):
    hub.connect("d1", will=will())
    hub.connect("d1", again=True)
    assert len(telemetry()) == 1
    sources = [e.get("opType") for e in hub.hub.store.events(0, 1000, None)]
    assert "deviceDisconnected" not in sources  # it is connected still


def test_a_deleted_device_has_no_will(hub, telemetry, caplog):
    hub.connect("d1", will=will())
    registry.delete_device(hub.hub, "d1", None)
    assert telemetry() == []
    assert caplog.records == []


def test_a_refused_client_has_no_will(hub, telemetry):
    client = hub.greeted("d1", will=will(), password=b"")
    client.vanish()
    assert telemetry() == []


def test_the_next_connection_has_no_will_unless_it_says_so(hub, telemetry):
    hub.connect("d1", will=will()).vanish()
    hub.connect("d1", again=True).vanish()
    assert len(telemetry()) == 1


@pytest.mark.parametrize(
    "topic",
    ["last/will", "$iothub/twin/GET/?$rid=1", "devices/d2/messages/events/", EVENTS[:-2], "a/#"],
)
def test_a_will_on_another_topic_is_ignored_with_a_warning(hub, telemetry, topic, caplog):
    client = hub.greeted("d1", will=will(topic))
    assert client.received() == [Connack(False, 0)]
    client.vanish()
    assert telemetry() == []
    [warning] = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert warning == (
        f"the Will of 'd1' is ignored: its topic '{topic}' does not start with {EVENTS}"
    )


def test_a_retained_will_is_marked_as_other_telemetry_is(hub, telemetry):
    hub.connect("d1", will=will(retain=True, payload=b"")).vanish()
    [event] = telemetry()
    assert event["properties"] == {"mqtt-retain": "true", "iothub-MessageType": "Will"}


def test_a_device_cannot_pass_off_its_will_as_something_else(hub, telemetry):
    hub.connect("d1", will=will(EVENTS + "iothub-MessageType=Telemetry")).vanish()
    client = hub.connect("d1", again=True)
    client.send(Publish(EVENTS, b"1"))
    assert [event["properties"] for event in telemetry()] == [{"iothub-MessageType": "Will"}, {}]


class LaterScheduler:
    """Runs jobs when the test says so: the hub has much to do."""

    def __init__(self):
        self.jobs = []

    def begin(self, job):
        self.jobs.append(job)

    def run(self):
        while self.jobs:
            assert self.jobs.pop()(float("inf"))


class ClosedTransport(asyncio.Transport):
    """Takes everything, and tells nobody."""

    def write(self, data):
        pass

    def get_write_buffer_size(self):
        return 0

    def is_closing(self):
        return False

    def pause_reading(self):
        pass

    def resume_reading(self):
        pass

    def close(self):
        pass


@pytest.fixture
def busy(hub):
    """The same hub, which has much to do: work waits in its scheduler."""
    return Broker(replace(hub.hub, scheduler=LaterScheduler()), {}, Doors(8443, 8883))


def connect_and_go(hub, broker, *last):
    """A device with a Will connects; it sends some packets, and goes before the hub reads them."""
    socket = _Socket(broker, lambda: None)
    socket.connection_made(ClosedTransport())
    socket.data_received(encode(hub.hello("d1", will=will())))
    broker.hub.scheduler.run()
    socket.data_received(b"".join(map(encode, last)))
    socket.connection_lost(None)


@pytest.mark.parametrize(("last", "said"), [([Disconnect()], [1]), ([], [1, "bye"])])
def test_a_busy_hub_hears_the_good_bye_of_a_client_that_has_gone(hub, busy, telemetry, last, said):
    async def main():
        connect_and_go(hub, busy, Publish(EVENTS, b"1"), *last)
        assert telemetry() == []
        busy.hub.scheduler.run()

    asyncio.run(main())
    assert [event["body"] for event in telemetry()] == said
    assert not hub.hub.store.entry("d1").connection.connected


def test_thousands_that_go_at_once_take_turns(hub, busy, telemetry):
    async def main():
        socket = _Socket(busy, lambda: None)
        socket.connection_made(ClosedTransport())
        socket.data_received(encode(hub.hello("d1", will=will())))
        busy.hub.scheduler.run()
        socket.connection_lost(None)
        assert telemetry() == []
        busy.hub.scheduler.run()

    asyncio.run(main())
    assert [event["body"] for event in telemetry()] == ["bye"]


def test_a_busy_hub_that_stops_has_no_connections(hub, busy):
    async def main():
        async with busy.connections.watched():
            connect_and_go(hub, busy, Publish(EVENTS, b"1"))
            assert hub.hub.store.entry("d1").connection.connected
        assert not hub.hub.store.entry("d1").connection.connected

    asyncio.run(main())
