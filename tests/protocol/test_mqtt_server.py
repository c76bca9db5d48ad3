"""Devices on real sockets over TLS."""

from __future__ import annotations

import json
import socket
import ssl

import pytest

from edgeops.errors import EdgeOpsError
from edgeops.localhub import access
from edgeops.localhub.mqtt.packets import Connack, Pingreq, Pingresp, Puback, Publish
from edgeops.localhub.tail import tail

TWIN_ANSWERS = "$iothub/twin/res/#"
DESIRED = "$iothub/twin/PATCH/properties/desired/#"


@pytest.fixture
def desired(service):
    """Patches the desired properties of d1."""
    return lambda **values: service("PATCH", "/twins/d1", {"properties": {"desired": values}})


def test_a_device_reads_reports_and_is_told(local_mqtt_hub, service, dial, desired):
    service("PUT", "/devices/d1", {"deviceId": "d1"})
    device = dial(local_mqtt_hub)
    assert device.connect("d1") == Connack(False, 0)
    device.subscribe(TWIN_ANSWERS, DESIRED)

    device.send(Publish("$iothub/twin/PATCH/properties/reported/?$rid=1", b'{"a": 1}', 1, 7))
    assert device.receive().topic == "$iothub/twin/res/204/?$rid=1&$version=2"
    assert device.receive() == Puback(7)
    desired(b=2)
    message = device.receive()
    assert json.loads(message.payload) == {"b": 2, "$version": 2}
    device.send(Puback(message.packet_id), Pingreq())
    assert device.receive() == Pingresp()

    twin = service("GET", "/twins/d1")
    assert twin["connectionState"] == "Connected"
    assert twin["properties"]["reported"]["a"] == 1


def test_subscriptions_survive_a_restart_of_the_hub(start_mqtt_hub, service_of, dial):
    hub = start_mqtt_hub()
    service_of(hub)("PUT", "/devices/d1", {"deviceId": "d1"})
    device = dial(hub)
    device.connect("d1")
    device.subscribe(DESIRED)
    hub.stop()
    with pytest.raises((EOFError, ConnectionError, ssl.SSLError)):
        device.receive()

    hub = start_mqtt_hub(again=hub)
    service = service_of(hub)
    assert service("GET", "/twins/d1")["connectionState"] == "Disconnected"
    device = dial(hub)
    assert device.connect("d1") == Connack(True, 0)
    service("PATCH", "/twins/d1", {"properties": {"desired": {"a": 1}}})
    assert json.loads(device.receive().payload) == {"a": 1, "$version": 2}


def test_a_second_connection_takes_over(local_mqtt_hub, service, dial, desired):
    service("PUT", "/devices/d1", {"deviceId": "d1"})
    older, newer = dial(local_mqtt_hub), dial(local_mqtt_hub)
    older.connect("d1")
    newer.connect("d1")
    with pytest.raises(EOFError):
        older.receive()
    newer.subscribe(DESIRED)
    desired(a=1)
    assert json.loads(newer.receive().payload)["a"] == 1


@pytest.mark.parametrize("data", [b"\x00", b"\x10\xff\xff\xff\x7f"])
def test_a_client_that_does_not_speak_mqtt_is_cut_off(local_mqtt_hub, dial, data):
    stranger = dial(local_mqtt_hub)
    stranger.socket.sendall(data)
    with pytest.raises(EOFError):
        stranger.receive()


def test_a_client_without_tls_gets_no_answer(local_mqtt_hub):
    at = (local_mqtt_hub.endpoint.host, local_mqtt_hub.endpoint.mqtt_port)
    with socket.create_connection(at, timeout=10) as plain:
        plain.sendall(b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01a")
        while data := plain.recv(100):
            assert b"\x20\x02" not in data


def test_the_endpoint_says_where_devices_connect(local_mqtt_hub):
    endpoint = access.running(local_mqtt_hub.state_dir)
    assert endpoint == local_mqtt_hub.endpoint
    assert endpoint.mqtt_port == 8883
    assert endpoint.hostname == f"{endpoint.host}:{endpoint.port}"


def test_a_device_port_in_use_is_refused(start_mqtt_hub):
    start_mqtt_hub()
    with pytest.raises(EdgeOpsError, match="port 8883 on") as caught:
        start_mqtt_hub()
    assert "--mqtt-port" in caught.value.hint


# --- the feed of events -----------------------------------------------------------------


def test_events_are_read_by_a_cursor(local_mqtt_hub, service, dial):
    for name in ("d1", "d2"):
        service("PUT", f"/devices/{name}", {"deviceId": name})
    device = dial(local_mqtt_hub)
    device.connect("d1")
    for n in range(3):
        device.send(Publish("devices/d1/messages/events/", b"%d" % n, 1, n + 1))
        device.receive()

    page = service("GET", "/events?max=2")
    assert [event["deviceId"] for event in page["events"]] == ["d1", "d2"]
    next_page = service("GET", f"/events?after={page['next']}&device=d1")
    assert [event.get("body") for event in next_page["events"]] == [None, 0, 1, 2]
    last = service("GET", "/events?last=2")
    assert [event["body"] for event in last["events"]] == [1, 2]
    end = service("GET", f"/events?after={last['next']}")
    assert end == {"events": [], "next": last["next"]}
    assert service("GET", "/events?last=0")["events"] == []
    assert list(tail(local_mqtt_hub.state_dir, last=2, device="d1", follow=False)) == last["events"]


def test_a_follower_gets_an_event_when_it_comes(local_mqtt_hub, service, dial):
    service("PUT", "/devices/d1", {"deviceId": "d1"})
    following = tail(local_mqtt_hub.state_dir, last=1, device="d1", follow=True)
    assert next(following)["opType"] == "createDeviceIdentity"
    device = dial(local_mqtt_hub)
    device.connect("d1")
    assert next(following)["opType"] == "deviceConnected"
    device.send(Publish("devices/d1/messages/events/", b'"hello"'))
    assert next(following)["body"] == "hello"
    local_mqtt_hub.stop()
    with pytest.raises(EdgeOpsError, match="was it stopped"):
        list(following)


def test_large_events_come_in_several_pages(local_mqtt_hub, service, dial):
    service("PUT", "/devices/d1", {"deviceId": "d1"})
    device = dial(local_mqtt_hub)
    device.connect("d1")
    for n in range(8):
        device.send(Publish("devices/d1/messages/events/", b'"%s"' % (b"x" * 200_000), 1, n + 1))
        device.receive()
    assert len(service("GET", "/events?last=8")["events"]) < 8
    assert len(list(tail(local_mqtt_hub.state_dir, last=8, device="d1", follow=False))) == 8


def test_events_of_a_hub_that_is_not_running(tmp_path):
    with pytest.raises(EdgeOpsError, match="is not running"):
        list(tail(tmp_path, last=1, device=None, follow=False))


@pytest.mark.parametrize("query", ["after=x", "max=-1", "wait=1.5", "last="])
def test_bad_cursors_are_refused(service, query):
    assert service("GET", f"/events?{query}")["Message"].startswith("ErrorCode:ArgumentInvalid")
