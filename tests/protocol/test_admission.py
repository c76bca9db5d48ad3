"""Why a client may not connect: the answer that it gets, and what the user reads in the log."""

from __future__ import annotations

import logging

import pytest

from edgeops.localhub.mqtt.packets import Connack, Connect, encode
from edgeops.localhub.mqtt.session import MqttSession
from edgeops.localhub.service import registry

KEY = "Zmlyc3RmaXJzdGZpcnN0Zmlyc3Q="  # of d1
WRONG_KEY = "AAAAAAAAAAAAAAAAAAAAAA=="


@pytest.fixture
def warnings(caplog):
    """What the user has read since the last call."""

    def read():
        messages = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
        caplog.clear()
        return messages

    return read


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"client_id": ""}, "its client id is empty"),
        ({"client_id": "d2"}, "its username 'hub:1/d1/?api-version=2021-04-12' is not"),
        ({"username": None}, "it has no username; it must be {host name of the hub}/{client id}/"),
        ({"username": "d1"}, "its username 'd1' is not {host name of the hub}/{client id}/"),
        ({"username": "/d1/"}, "its username has no host name"),
        ({"client_id": "d 1", "username": "h/d 1/"}, "its client id is not that of a device"),
        ({"username": "other:1/d1/"}, "its token is for 'hub:1/devices/d1', not for 'other:1/dev"),
        ({"password": None}, "it has no SAS token"),
        ({"password": b"\xff"}, "its credentials are not a SAS token"),
        ({"password": KEY.encode()}, "its credentials are not a SAS token"),
        ({"client_id": "d9", "username": "hub:1/d9/"}, "the hub does not have this device"),
        ({"client_id": "d1/m9", "username": "h/d1/m9/"}, "the hub does not have this module"),
    ],
)
def test_each_refusal_has_a_reason(client_of, warnings, changes, why):
    client = client_of(**changes)
    assert client.received() == [Connack(False, 5 if changes.get("client_id", "d1") else 2)]
    assert client.closed
    [warning] = warnings()
    assert warning.startswith("refused the MQTT client")
    assert why in warning
    assert KEY not in warning


def test_each_bad_token_has_a_reason(hub, client_of, warnings):
    service = hub.broker.policies["service"]
    bad = {
        hub.token("d1", key=WRONG_KEY): "its token is signed with a wrong key",
        hub.token("d1", lifetime=0): "its token has expired",
        hub.token("d2"): "its token is for 'hub:1/devices/d2', not for 'hub:1/devices/d1'",
        hub.token("d1", host="other"): "its token is for 'other/devices/d1', not for 'hub:1/dev",
        hub.token("d1", service, policy="service"): "'service', which may not connect devices",
        hub.token("d1", service, policy="x\ny"): "which may not connect devices",
    }
    for token, why in bad.items():
        assert client_of(password=token.encode()).received() == [Connack(False, 5)]
        [warning] = warnings()
        assert why in warning
        assert "sig" not in warning.replace("signed", "")
        assert "\n" not in warning


def test_a_disabled_device_is_named_as_such(hub, client_of, warnings):
    registry.put_device(hub.hub, "d1", {"deviceId": "d1", "status": "disabled"}, "*")
    client_of("d1")
    client_of("d1/m1")
    assert warnings() == [
        "refused the MQTT client 'd1': the device is disabled",
        "refused the MQTT client 'd1/m1': the device is disabled",
    ]


@pytest.mark.parametrize("password", [None, b"", b"SharedAccessSignature sr=x&sig=y&se=1"])
@pytest.mark.parametrize(
    ("kind", "which"), [("selfSigned", "of its thumbprint"), ("certificateAuthority", "of a CA")]
)
def test_a_token_does_not_replace_a_certificate(hub, client_of, warnings, kind, which, password):
    x509 = {"deviceId": "d2", "authentication": {"type": kind}}
    registry.put_device(hub.hub, "d2", x509, None)
    assert client_of("d2", password=password).received() == [Connack(False, 5)]
    assert warnings() == [
        f"refused the MQTT client 'd2': its authentication type is {kind}, and it sent no"
        f" certificate: it needs one {which}, which the hub must trust (`edgeops hub trust-ca`)"
    ]


def test_a_device_that_tries_again_and_again_is_named_once(client_of, warnings):
    for _ in range(100):
        client_of(password=b"")
    assert len(warnings()) == 1


def test_a_token_in_the_place_of_the_username_is_not_logged(hub, client_of, warnings):
    token = hub.token("d1")
    client_of(username=token)
    client_of(client_id=token)
    signature = token.partition("sig=")[2].partition("&")[0]
    assert not any(signature in warning for warning in warnings())


def test_what_a_stranger_calls_itself_is_inert(client_of, warnings):
    client_of(client_id="d1\r\nERROR \x1b[31m", username="\u202eh/d1")
    [warning] = warnings()
    assert warning.isascii()
    assert warning.isprintable()


# --- other versions -------------------------------------------------------------------

MQTT_5 = b"\x10\x10\x00\x04MQTT\x05\x02\x00\x3c\x03\x21\x00\x14\x00\x00"


class Wire:
    def __init__(self):
        self.data = b""
        self.closed = False

    def write(self, data):
        self.data += data

    def certificate(self):
        return None

    def close(self):
        self.closed = True


@pytest.fixture
def answer_to(hub):
    """The bytes with which the hub answers, and closes."""
    from edgeops.localhub.mqtt.connection import DeviceConnection

    def converse(data):
        wire = Wire()
        connection = DeviceConnection(hub.broker, wire, hub.now)
        connection.receive(data, hub.now)
        connection.work()
        assert wire.closed
        return wire.data

    return converse


def test_a_client_of_mqtt_5_is_answered_in_mqtt_5(answer_to, warnings):
    answer = answer_to(MQTT_5)
    text = b"This hub speaks MQTT 3.1.1 only."
    properties = b"\x1f" + len(text).to_bytes(2, "big") + text
    assert answer == bytes([0x20, 3 + len(properties), 0, 0x84, len(properties)]) + properties
    assert warnings() == [
        "refused an MQTT client: it speaks MQTT 5, and this hub speaks MQTT 3.1.1 only"
    ]


@pytest.mark.parametrize(
    ("packet", "name"),
    [
        (Connect("d1", protocol="MQIsdp", level=3), "MQTT 3.1"),
        (Connect("d1", protocol="MQIsdp", level=5), "'MQIsdp' level 5"),
        (Connect("d1", level=0x84), "'MQTT' level 132"),
        (Connect("d1", protocol="", level=0), "'' level 0"),
    ],
)
def test_a_client_of_another_version_is_answered_in_mqtt_3(answer_to, warnings, packet, name):
    assert answer_to(encode(packet)) == b"\x20\x02\x00\x01"
    assert warnings() == [
        f"refused an MQTT client: it speaks {name}, and this hub speaks MQTT 3.1.1 only"
    ]


@pytest.mark.parametrize("size", range(1, len(MQTT_5)))
def test_an_incomplete_connect_waits_for_the_rest(size):
    session = MqttSession()
    assert list(session.receive_data(MQTT_5[:size])) == []
    [event] = session.receive_data(MQTT_5[size:])
    assert (event.protocol, event.level) == ("MQTT", 5)
