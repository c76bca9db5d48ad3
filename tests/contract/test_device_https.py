"""Devices that send their messages by HTTPS, with tokens made by Microsoft's SDK."""

from __future__ import annotations

import base64
import json

import pytest
import requests

from edgeops.localhub import access
from edgeops.localhub.tail import tail

sastoken = pytest.importorskip("azure.iot.hub.sastoken")

BATCH = "application/vnd.microsoft.iothub.json"


@pytest.fixture
def key(registry):
    """The key of device d1."""
    created = registry.create_device_with_sas("d1", None, None, "enabled")
    return created.authentication.symmetric_key.primary_key


@pytest.fixture
def host(local_hub):
    """The name of the hub, as connection strings have it."""
    return access.running(local_hub.state_dir).hostname


@pytest.fixture
def ask(local_hub, host):
    """Sends a request about the messages of a device or module; gives the response."""

    def ask(method, sender, path, key, body=b"", policy=None, signed=None, **headers):
        token = sastoken.SasToken(f"{host}/devices/{signed or sender}", key, policy)
        return requests.request(
            method,
            f"https://{host}/devices/{sender}/messages/{path}?api-version=2020-03-13",
            data=body,
            headers={"Authorization": str(token), **headers},
            verify=str(local_hub.ca_file),
            timeout=10,
        )

    return ask


@pytest.fixture
def post(ask):
    """Sends a body to the events of a device or module; gives the response."""

    def post(sender, key, body, **options):
        return ask("POST", sender, "events", key, body, **options)

    return post


@pytest.fixture
def telemetry(local_hub):
    """The messages that the hub has taken in."""

    def telemetry():
        events = tail(local_hub.state_dir, last=100, device=None, follow=False)
        return [event for event in events if event["source"] == "Telemetry"]

    return telemetry


def test_headers_become_the_properties_of_a_message(key, post, telemetry):
    headers = {
        "iothub-app-Room": "kitchen",
        "IoTHub-MessageId": "m-1",
        "iothub-correlationid": "c-1",
        "iothub-contenttype": "application/json",
        "iothub-contentencoding": "utf-8",
    }

    response = post("d1", key, '{"degrees": 21}', **headers)

    (event,) = telemetry()
    assert (response.status_code, response.content) == (204, b"")
    assert (event["deviceId"], event["body"]) == ("d1", {"degrees": 21})
    assert event["properties"] == {"Room": "kitchen"}
    assert event["systemProperties"] == {
        "message-id": "m-1",
        "correlation-id": "c-1",
        "content-type": "application/json",
        "content-encoding": "utf-8",
    }


def test_a_message_has_the_documented_system_properties(key, post, telemetry):
    headers = {
        "iothub-userid": "me",
        "iothub-expiry": "2101-02-03T04:05:06Z",
        "iothub-creation-time-utc": "2026-01-02T03:04:05Z",
        "iothub-interface-id": "urn:a",
        "dt-subject": "thermostat",
        "iothub-to": "/devices/d1/messages/events",  # the SDKs send it; the hub sets it itself
    }
    batch = json.dumps([{"body": "MQ==", "properties": headers}])

    assert post("d1", key, b"1", **headers).status_code == 204
    assert post("d1", key, batch, **{"Content-Type": BATCH}).status_code == 204

    for event in telemetry():
        assert event["properties"] == {}
        assert event["systemProperties"] == {
            "user-id": "me",
            "expiry-time": "2101-02-03T04:05:06Z",
            "iothub-creation-time-utc": "2026-01-02T03:04:05Z",
            "iothub-interface-id": "urn:a",
            "dt-subject": "thermostat",
        }


def test_a_message_may_be_empty_or_binary(key, post, telemetry):
    assert post("d1", key, b"").status_code == 204
    assert post("d1", key, b"\xff\x00").status_code == 204

    assert [event.get("body", event.get("bodyBase64")) for event in telemetry()] == ["", "/wA="]


def test_headers_that_are_not_utf_8_are_refused(key, post, telemetry):
    assert post("d1", key, "1", **{"iothub-app-room": "Küche".encode()}).status_code == 204
    assert post("d1", key, "2", **{"iothub-app-room": b"K\xfcche"}).status_code == 400

    assert [event["properties"] for event in telemetry()] == [{"room": "Küche"}]


def test_a_batch_is_several_messages(key, post, telemetry):
    batch = [
        {"body": base64.b64encode(b"one").decode(), "properties": {"iothub-app-n": "1"}},
        {"body": "two", "base64Encoded": False},
    ]

    response = post("d1", key, json.dumps(batch), **{"Content-Type": BATCH})

    assert response.status_code == 204
    assert [(event["body"], event["properties"]) for event in telemetry()] == [
        ("one", {"n": "1"}),
        ("two", {}),
    ]


@pytest.mark.parametrize(
    "body",
    [
        "[]",
        "{}",
        "no JSON",
        '["text"]',
        '[{"body": 1}]',
        '[{"body": "no base64!"}]',
        '[{"body": "b25l", "properties": {"iothub-app-n": 1}}]',
        '[{"body": "b25l"}, {"body": "\\u00e9"}]',
        '[{"body": "\\ud800", "base64Encoded": false}]',
    ],
)
def test_a_malformed_batch_is_refused_as_a_whole(key, post, telemetry, body):
    response = post("d1", key, body, **{"Content-Type": BATCH})

    assert response.status_code == 400
    assert telemetry() == []


def test_a_message_is_at_most_256_kb(key, post, telemetry):
    assert post("d1", key, b"a" * 256 * 1024).status_code == 204
    response = post("d1", key, b"a" * (256 * 1024 + 1))

    assert (response.status_code, len(telemetry())) == (413, 1)
    response = post("d1", key, b"a" * 256 * 1024, **{"iothub-app-n": "1"})
    assert (response.status_code, len(telemetry())) == (413, 1)
    assert response.headers["iothub-errorcode"] == "MessageTooLarge"


def test_a_module_sends_with_its_own_key_or_that_of_a_policy(
    registry, key, post, telemetry, local_hub
):
    module = registry.create_module_with_sas("d1", "m1", "", None, None)
    device_policy = access.connection_string(local_hub.state_dir, "device").split("Key=")[1]
    own = module.authentication.symmetric_key.primary_key

    assert post("d1/modules/m1", own, "1").status_code == 204
    assert post("d1/modules/m1", device_policy, "2", policy="device").status_code == 204
    assert post("d1/modules/m1", key, "3").status_code == 401  # of its device

    assert [(event["moduleId"], event["body"]) for event in telemetry()] == [("m1", 1), ("m1", 2)]


def test_others_may_not_send_for_a_device(registry, key, post, telemetry, local_hub):
    registry.create_device_with_sas("d2", None, None, "enabled")
    registry.create_device_with_sas("off", key, key, "disabled")
    service = access.connection_string(local_hub.state_dir, "service").split("Key=")[1]

    assert post("d2", key, "1").status_code == 401  # of another device
    assert post("d2", key, "1", signed="d1").status_code == 401
    assert post("unknown", key, "1").status_code == 401
    assert post("off", key, "1").status_code == 401
    assert post("d1", service, "1", policy="service").status_code == 401

    assert telemetry() == []


@pytest.mark.parametrize("inbox", ["deviceBound", "devicebound"])  # az; the SDKs
def test_no_message_waits_for_a_device(key, ask, inbox):
    received = ask("GET", "d1", inbox, key)
    settled = [
        ask("DELETE", "d1", f"{inbox}/a-lock", key),
        ask("POST", "d1", f"{inbox}/a-lock/abandon", key),
    ]

    assert (received.status_code, received.content) == (204, b"")
    for response in settled:
        assert response.status_code == 412
        assert response.headers["iothub-errorcode"] == "DeviceMessageLockLost"
    assert ask("GET", "d1", inbox, base64.b64encode(b"wrong").decode()).status_code == 401
