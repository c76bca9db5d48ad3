"""Twins and subscriptions of connected devices; a hub without sockets."""

from __future__ import annotations

import json

import pytest

from edgeops.localhub.mqtt.packets import Connack, Puback, Publish, Unsuback, Unsubscribe
from edgeops.localhub.service import configurations, registry, twins
from edgeops.localhub.steps import finish

TWIN_ANSWERS = "$iothub/twin/res/#"
DESIRED = "$iothub/twin/PATCH/properties/desired/#"
REPORT = "$iothub/twin/PATCH/properties/reported/?$rid=r1"


def set_desired(hub, **desired):
    twins.patch_twin(hub.hub, "d1", "", {"properties": {"desired": desired}}, None)


def twin(hub, module=""):
    return twins.get_twin(hub.hub, "d1", module)


# --- twins ----------------------------------------------------------------------------


def test_a_device_reads_its_twin(hub):
    set_desired(hub, a=1)
    client = hub.connect("d1", TWIN_ANSWERS)
    [answer, acknowledged] = client.publish("$iothub/twin/GET/?$rid=r1", b" ", qos=1, packet_id=5)
    assert answer.topic == "$iothub/twin/res/200/?$rid=r1"
    assert json.loads(answer.payload) == {
        "desired": {"a": 1, "$version": 2},
        "reported": {"$version": 1},
    }
    assert acknowledged == Puback(5)


def test_a_device_reports(hub):
    client = hub.connect("d1/m1", TWIN_ANSWERS)
    hub.pass_time(5)
    [answer] = client.publish(REPORT, b'{"a": {"b": 1}, "$version": 7}')
    assert (answer.topic, answer.payload) == ("$iothub/twin/res/204/?$rid=r1&$version=2", b"")
    [answer] = client.publish(REPORT, b'{"a": null}')
    assert answer.topic.endswith("$version=3")
    assert twin(hub, "m1")["properties"]["reported"].keys() == {"$metadata", "$version"}
    assert twin(hub, "m1")["lastActivityTime"] == "2026-01-02T03:04:10.0000000Z"


@pytest.mark.parametrize(
    ("payload", "number"),
    [
        (b"", 400006),
        (b"{", 400006),
        (b"[1]", 400006),
        (b"null", 400006),
        (b'{"a.b": 1}', 400004),
        (b'{"a": "' + b"x" * 4097 + b'"}', 400004),
        (b'{"a": [null]}', 400004),
        (b"[" * 100 + b"]" * 100, 400006),
        (json.dumps({f"k{n}": "x" * 4000 for n in range(9)}).encode(), 403100),
    ],
)
def test_a_bad_report_is_refused_and_changes_nothing(hub, payload, number):
    client = hub.connect("d1", TWIN_ANSWERS)
    [answer] = client.publish(REPORT, payload)
    assert answer.topic == f"$iothub/twin/res/{number // 1000}/?$rid=r1"
    error = json.loads(answer.payload)
    assert list(error) == ["errorCode", "trackingId", "message", "timestampUtc"]
    assert error["errorCode"] == number
    assert error["message"]
    assert twin(hub)["properties"]["reported"]["$version"] == 1


def test_without_a_subscription_there_is_no_answer(hub):
    client = hub.connect("d1")
    assert client.publish("$iothub/twin/GET/?$rid=1", b"", qos=1, packet_id=1) == [Puback(1)]


def test_a_device_is_told_of_desired_properties_as_patches(hub):
    client = hub.connect("d1", DESIRED)
    set_desired(hub, a={"b": 1, "c": 2})
    set_desired(hub, a={"b": None})
    twins.patch_twin(hub.hub, "d1", "", {"tags": {"t": 1}}, None)
    twins.replace_twin(hub.hub, "d1", "", {"properties": {"desired": {"x": 1}}}, None)
    twins.patch_twin(hub.hub, "d1", "", {"properties": {"desired": None}}, None)

    patches = client.received()
    assert [message.topic.rpartition("=")[2] for message in patches] == ["2", "3", "4", "5"]
    assert [json.loads(message.payload) for message in patches] == [
        {"a": {"b": 1, "c": 2}, "$version": 2},
        {"a": {"b": None}, "$version": 3},
        {"a": None, "x": 1, "$version": 4},
        {"x": None, "$version": 5},
    ]
    assert {message.qos for message in patches} == {1}


def test_modules_are_told_of_applied_content(hub):
    registry.put_device(hub.hub, "d1", {"deviceId": "d1", "capabilities": {"iotEdge": True}}, "*")
    client = hub.connect("d1/m1", DESIRED)
    for value in ({"a": 1, "b": 2}, {"b": 2}):
        content = {"modulesContent": {"m1": {"properties.desired": value}}}
        finish(configurations.apply_content(hub.hub, "d1", content))
    first, second = client.received()
    assert json.loads(first.payload) == {"a": 1, "b": 2, "$version": 2}
    assert json.loads(second.payload) == {"a": None, "$version": 3}


# --- sessions -------------------------------------------------------------------------


def test_subscriptions_outlive_connections(hub):
    hub.connect("d1", DESIRED).vanish()
    set_desired(hub, missed=1)
    client = hub.connect("d1", again=True)
    set_desired(hub, a=1)
    [message] = client.received()
    assert json.loads(message.payload) == {"a": 1, "$version": 3}


def test_a_clean_session_leaves_nothing_behind(hub):
    hub.connect("d1", DESIRED).vanish()
    hub.connect("d1", DESIRED, clean_session=True).vanish()
    client = hub.connect("d1")
    set_desired(hub, a=1)
    assert client.received() == []


def test_subscriptions_can_be_ended(hub):
    client = hub.connect("d1", DESIRED, TWIN_ANSWERS)
    client.send(Unsubscribe(9, (DESIRED, "not/there")))
    assert client.received() == [Unsuback(9)]
    client.vanish()
    client = hub.connect("d1", again=True)
    set_desired(hub, a=1)
    assert client.received() == []


def test_what_may_be_subscribed(hub):
    client = hub.connect("d1")
    assert client.subscribe(DESIRED, qos=2) == [1]
    assert client.subscribe(DESIRED, qos=0) == [0]
    assert client.subscribe("#", "devices/d2/#") == [0x80, 0x80]
    own = [f"devices/d1/messages/devicebound/{n}/#" for n in range(5)]
    assert client.subscribe(*own) == [1, 1, 1, 1, 0x80]  # five in all
    set_desired(hub, a=1)
    assert client.received()[0].qos == 0


def test_an_unacknowledged_change_is_sent_again_after_reconnecting(hub, client_of):
    client = hub.connect("d1", DESIRED)
    set_desired(hub, a=1)
    set_desired(hub, a=2)
    first, second = client.received()
    client.send(Puback(first.packet_id))
    client.vanish()

    resent = Publish(second.topic, second.payload, 1, 1, dup=True)
    client = client_of("d1")
    assert client.received() == [Connack(True, 0), resent]
    client.vanish()
    client = client_of("d1")
    assert client.received() == [Connack(True, 0), resent]
    client.send(Puback(1))
    client.vanish()
    assert client_of("d1").received() == [Connack(True, 0)]


def test_a_client_that_never_acknowledges_is_cut_off(hub, client_of):
    client = hub.connect("d1", DESIRED)
    for n in range(1000):
        set_desired(hub, a=f"{n}" + "x" * 4000)
        if client.closed:
            break
    assert client.closed
    assert 400 < n < 600
    assert twin(hub)["connectionState"] == "Disconnected"
    assert len(client_of("d1").received()) == 1 + 16  # the newest only
