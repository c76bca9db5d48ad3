"""What a connected device may do and is told; a hub without sockets, and clocks that stand."""

from __future__ import annotations

import logging
from urllib.parse import unquote

import pytest

from edgeops.localhub.mqtt.packets import (
    Connack,
    Disconnect,
    Pingreq,
    Pingresp,
    Puback,
    Publish,
    encode,
)
from edgeops.localhub.service import registry, twins

DESIRED = "$iothub/twin/PATCH/properties/desired/#"
EVENTS = "devices/d1/messages/events/"


def set_desired(hub, **desired):
    twins.patch_twin(hub.hub, "d1", "", {"properties": {"desired": desired}}, None)


def twin(hub, module=""):
    return twins.get_twin(hub.hub, "d1", module)


def events(hub):
    return hub.hub.store.events(0, 1000, None)


# --- being let in ---------------------------------------------------------------------


@pytest.mark.parametrize("name", ["d1", "d1/m1"])
@pytest.mark.parametrize(
    "key", ["Zmlyc3RmaXJzdGZpcnN0Zmlyc3Q=", "c2Vjb25kc2Vjb25kc2Vjb25kc2Vjb25k"]
)
def test_a_device_connects_with_either_key(hub, client_of, name, key):
    client = client_of(name, password=hub.token(name, key).encode())
    assert client.received() == [Connack(False, 0)]
    assert not client.closed


def test_a_device_connects_with_the_key_of_the_device_policy(hub, client_of):
    key = hub.broker.policies["device"]
    for policy, code in (("device", 0), ("service", 5), ("unknown", 5)):
        token = hub.token("d1", key, policy=policy)
        assert client_of(password=token.encode()).received() == [Connack(False, code)]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"protocol": "MQIsdp", "level": 3}, 1),
        ({"level": 6}, 1),
        ({"client_id": ""}, 2),
        ({"client_id": "d2"}, 5),
        ({"username": None}, 5),
        ({"username": "other:1/d1/?api-version=1"}, 5),
        ({"password": None}, 5),
        ({"password": b"\xff"}, 5),
        ({"password": b"SharedAccessSignature sr=hub%3A1%2Fdevices%2Fd1&sig=x&se=9999999999"}, 5),
    ],
)
def test_other_credentials_are_refused(client_of, changes, code):
    client = client_of(**changes)
    assert client.received() == [Connack(False, code)]
    assert client.closed


def test_bad_tokens_are_refused(hub, client_of):
    hub.add("d2")
    bad = [
        hub.token("d1", key="AAAAAAAAAAAAAAAAAAAAAA=="),
        hub.token("d1", lifetime=0),
        hub.token("d2"),
        hub.token("d1/m1"),
        hub.token("d1", host="other:1"),
    ]
    for token in bad:
        assert client_of(password=token.encode()).received() == [Connack(False, 5)]


def test_a_disabled_device_and_one_without_keys_are_refused(hub, client_of):
    registry.put_device(hub.hub, "d1", {"deviceId": "d1", "status": "disabled"}, "*")
    x509 = {"deviceId": "d2", "authentication": {"type": "certificateAuthority"}}
    registry.put_device(hub.hub, "d2", x509, None)
    for name in ("d1", "d1/m1", "d2", "d3"):
        assert client_of(name).received() == [Connack(False, 5)]


def test_a_refused_client_is_not_obeyed(hub, client_of):
    client = client_of(password=b"")
    client.send(Publish(EVENTS, b"1"))
    assert [event["source"] for event in events(hub)] == ["deviceLifecycleEvents"] * 2


# --- presence -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["d1", "d1/m1"])
def test_twins_show_the_model_that_a_client_named_last(hub, name):
    def connect(query):
        hub.greeted(name, username=f"hub:1/{name}/{query}").vanish()
        return twin(hub, name.partition("/")[2])["modelId"]

    assert connect("?api-version=1") == ""
    assert connect("?api-version=1&model-id=dtmi%3Acom%3Aexample%3Apump%3B1&x=") == (
        "dtmi:com:example:pump;1"
    )
    assert connect("?model-id=dtmi:com:example:pump;2") == "dtmi:com:example:pump;2"
    for nothing in ("?api-version=1", "", "?model-id=", f"?model-id={'m' * 2049}"):
        assert connect(nothing) == "dtmi:com:example:pump;2"


def test_twins_show_who_is_connected(hub):
    assert twin(hub)["connectionState"] == "Disconnected"
    client = hub.connect("d1")
    assert twin(hub)["connectionState"] == "Connected"
    assert twin(hub)["lastActivityTime"] == "2026-01-02T03:04:05.0000000Z"
    assert twin(hub, "m1")["connectionState"] == "Disconnected"
    client.vanish()
    client.vanish()
    assert twin(hub)["connectionState"] == "Disconnected"
    assert [e["opType"] for e in events(hub)[2:]] == ["deviceConnected", "deviceDisconnected"]


def test_a_client_may_leave(hub):
    client = hub.connect("d1/m1")
    client.send(Disconnect())
    assert client.closed
    assert twin(hub, "m1")["connectionState"] == "Disconnected"
    assert [e["opType"] for e in events(hub)[2:]] == ["moduleConnected", "moduleDisconnected"]


def test_a_new_connection_takes_over(hub):
    older = hub.connect("d1", DESIRED)
    newer = hub.connect("d1", again=True)
    assert older.closed
    older.vanish()
    assert twin(hub)["connectionState"] == "Connected"
    set_desired(hub, a=1)
    assert len(newer.received()) == 1
    newer.vanish()
    assert twin(hub)["connectionState"] == "Disconnected"


def test_a_device_that_is_deleted_or_disabled_is_cut_off(hub):
    device, module = hub.connect("d1"), hub.connect("d1/m1")
    registry.delete_module(hub.hub, "d1", "m1", None)
    assert (device.closed, module.closed) == (False, True)
    registry.put_device(hub.hub, "d1", {"deviceId": "d1", "status": "disabled"}, "*")
    assert device.closed


# --- time -----------------------------------------------------------------------------


def test_a_silent_client_is_cut_off_after_one_and_a_half_keep_alives(hub):
    client = hub.connect("d1", keep_alive=60)
    hub.pass_time(89)
    client.send(Pingreq())
    assert client.received() == [Pingresp()]
    hub.pass_time(89)
    assert not client.closed
    hub.pass_time(2)
    assert client.closed
    assert twin(hub)["connectionState"] == "Disconnected"


@pytest.mark.parametrize("keep_alive", [0, 65535])
def test_nobody_may_be_silent_for_half_an_hour(hub, keep_alive):
    password = hub.token("d1", lifetime=9999).encode()
    client = hub.connect("d1", keep_alive=keep_alive, password=password)
    hub.pass_time(1766)
    assert not client.closed
    hub.pass_time(2)
    assert client.closed


def test_a_token_is_good_until_it_expires(hub):
    client = hub.connect("d1", password=hub.token("d1", lifetime=100).encode(), keep_alive=600)
    hub.pass_time(99)
    assert not client.closed
    hub.pass_time(1)
    assert client.closed


def test_a_client_that_does_not_send_connect_is_cut_off(hub):
    late = hub.stranger()
    hub.pass_time(29)
    late.send(hub.hello("d1", keep_alive=10))
    hub.pass_time(15)
    assert not late.closed

    client = hub.stranger()
    for byte in (b"\x10", b"\x7f"):
        hub.pass_time(15)
        client.send_bytes(byte)
        assert not client.closed
    hub.pass_time(1)
    assert client.closed


# --- telemetry ------------------------------------------------------------------------


def test_telemetry_becomes_events(hub):
    client = hub.connect("d1/m1")
    topic = "devices/d1/modules/m1/messages/events/$.on=forecasts&$.ct=application%2Fjson&a=b"
    assert client.publish(topic, b'{"n": 1}', qos=1, packet_id=3) == [Puback(3)]
    assert client.publish(topic, b"\xff", retain=True) == []
    first, second = events(hub)[-2:]
    assert first == {
        "sequence": 4,
        "source": "Telemetry",
        "deviceId": "d1",
        "moduleId": "m1",
        "enqueuedTime": "2026-01-02T03:04:05.0000000Z",
        "systemProperties": {"output-name": "forecasts", "content-type": "application/json"},
        "properties": {"a": "b"},
        "body": {"n": 1},
    }
    assert second["bodyBase64"] == "/w=="
    assert second["properties"] == {"a": "b", "mqtt-retain": "true"}


@pytest.mark.parametrize("topic", ["devices/d2/messages/events/", "$iothub/unknown", "x"])
def test_a_message_on_a_foreign_topic_ends_the_connection(hub, topic):
    client = hub.connect("d1")
    assert client.publish(topic, b"1", qos=1, packet_id=1) == []
    assert client.closed


@pytest.mark.parametrize(
    "data",
    [
        b"\x34\x05\x00\x01a\x00\x01",  # QoS 2
        b"\x30\xff\xff\x7f",  # 2 MB
        b"\xf0\x00",
    ],
)
def test_a_broken_protocol_ends_the_connection(hub, data):
    client = hub.connect("d1")
    client.send_bytes(data)
    assert client.closed
    assert twin(hub)["connectionState"] == "Disconnected"


def test_a_message_of_256_kb_is_taken(hub):
    client = hub.connect("d1")
    assert client.publish(EVENTS, b"x" * 256 * 1024, qos=1, packet_id=1) == [Puback(1)]


def test_a_failing_hub_ends_the_connection_only(hub, caplog):
    client = hub.connect("d1")
    hub.hub.store._sqlite.execute("ALTER TABLE feed RENAME TO gone")
    client.publish(EVENTS, b"1")
    assert "no such table" in caplog.text
    hub.hub.store._sqlite.execute("ALTER TABLE gone RENAME TO feed")
    assert client.closed


def test_a_client_with_a_good_token_is_let_in(hub):
    assert not hub.stranger().let_in
    assert not hub.greeted("d1", password=b"wrong").let_in
    assert hub.greeted("d1").let_in


def test_a_request_id_comes_back_or_ends_the_connection(hub, caplog):
    for request in ("", "a", "%ff", "%00", "é" * 1000, "%F0%9F%98%80", "x" * 30_000):
        client = hub.connect("d1", "$iothub/twin/res/#", clean_session=True)
        [answer] = client.publish(f"$iothub/twin/GET/?$rid={request}")
        assert answer.topic.startswith("$iothub/twin/res/200/?$rid=")
        assert unquote(answer.topic.partition("$rid=")[2]) == unquote(request)
    for request in ("é" * 30_000, "x" * 65_000, "%e9" * 20_000):
        client = hub.connect("d1", "$iothub/twin/res/#", clean_session=True)
        client.publish(f"$iothub/twin/GET/?$rid={request}")
        assert client.closed
    assert [record.levelname for record in caplog.records if record.levelno > logging.INFO] == [
        "WARNING"
    ] * 3


def test_filters_that_mean_nothing_are_not_kept(hub):
    client = hub.connect("d1")
    assert client.subscribe("$iothub/twin/" + "a" * 60, "$iothub/twin/" + "a" * 6000) == [1, 0x80]


def test_work_stops_when_its_time_is_up_and_goes_on_later(hub):
    wire = hub.connect("d1", "$iothub/twin/res/#")
    connection = wire._connection
    asking = encode(Publish("$iothub/twin/GET/?$rid=1", b""))
    connection.receive(asking * 3, hub.now)
    assert not connection.work(until=0.0)
    connection.receive(asking, hub.now)  # what comes meanwhile is not lost, nor is the rest
    assert len(wire.received()) == 1
    assert connection.work()
    assert len(wire.received()) == 3
    assert connection.work()
    assert wire.received() == []


def test_packets_that_ask_nothing_of_the_hub_use_up_turns_too(hub):
    wire = hub.connect("d1")
    connection = wire._connection
    connection.receive((encode(Pingreq()) + encode(Puback(1))) * 2, hub.now)
    turns = 1
    while not connection.work(until=0.0):
        turns += 1
    assert turns == 5
    assert wire.received() == [Pingresp(), Pingresp()]
