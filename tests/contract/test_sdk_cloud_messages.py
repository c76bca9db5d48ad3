"""Messages to devices with Microsoft's own SDKs: the device's by MQTT, the service's for the rest.

Services send by AMQP on Azure, which the local hub does not speak: here `edgeops hub send` does.
"""

from __future__ import annotations

import json
import queue

import pytest
import requests

from edgeops.errors import EdgeOpsError
from edgeops.localhub import access
from edgeops.localhub.sender import send_to_device
from tests.support.device_sdk import (  # noqa: F401 - fixtures
    SDK_WARNINGS,
    leaks_end_here,
    the_hub_of_devices,
)
from tests.support.waiting import wait_until

sdk = pytest.importorskip("azure.iot.device")
service_sdk = pytest.importorskip("azure.iot.hub")
sastoken = pytest.importorskip("azure.iot.hub.sastoken")

pytestmark = SDK_WARNINGS


@pytest.fixture
def key(registry):
    """The key of device d1."""
    created = registry.create_device_with_sas("d1", None, None, "enabled")
    return created.authentication.symmetric_key.primary_key


@pytest.fixture
def send(local_hub, key):
    """Sends a message to device d1."""

    def send(body, properties=None, **system):
        named = {f"iothub-{name}": value for name, value in system.items()}
        send_to_device(local_hub.state_dir, "d1", body, system=named, properties=properties or {})

    return send


@pytest.fixture
def listen(device_client, key):
    """Connects device d1 with its SDK; gives the client and what arrives."""

    def listen():
        client, arrived = device_client("d1"), queue.Queue()
        client.on_message_received = arrived.put
        client.connect()
        return client, arrived

    return listen


@pytest.fixture
def device(local_hub, key):
    """The HTTPS operations of device d1, as `az iot device c2d-message` calls them."""

    def call(method, path="", **parameters):
        host = access.running(local_hub.state_dir).hostname
        token = sastoken.SasToken(f"{host}/devices/d1", key, None)
        return requests.request(
            method,
            f"https://{host}/devices/d1/messages/deviceBound{path}",
            params={"api-version": "2020-03-13", **parameters},
            headers={"Authorization": str(token), "IotHub-MessageLockTimeout": "60"},
            verify=str(local_hub.ca_file),
            timeout=10,
        )

    return call


@pytest.fixture
def runtime(local_hub):
    """The feedback of `IoTHubHttpRuntimeManager`, with the response that its methods hide."""
    manager = service_sdk.IoTHubHttpRuntimeManager.from_connection_string(
        local_hub.connection_string
    )
    manager.protocol.config.connection.verify = str(local_hub.ca_file)
    yield manager
    manager.protocol.close()


def feedback(runtime):
    """A feedback message: its response, None when there is none."""
    operations = runtime.protocol.cloud_to_device_messages
    response = operations.receive_feedback_notification(raw=True).response
    return response if response.status_code == 200 else None


def count(registry):
    return registry.get_device("d1").cloud_to_device_message_count


def test_a_device_gets_a_message_by_mqtt(registry, send, listen):
    _, arrived = listen()
    send(
        b'{"a": 1}',
        {"room": "kitchen", "share": "50 %"},
        messageid="m-1",
        correlationid="c-1",
        userid="me",
        contenttype="application/json",
        contentencoding="utf-8",
        ack="full",
    )
    message = arrived.get(timeout=10)
    assert (message.data, message.custom_properties) == (
        b'{"a": 1}',
        {"room": "kitchen", "share": "50 %"},
    )
    found = (message.message_id, message.correlation_id, message.user_id, message.ack)
    assert found == ("m-1", "c-1", "me", "full")
    assert (message.content_type, message.content_encoding) == ("application/json", "utf-8")
    wait_until(lambda: count(registry) == 0)


def test_messages_wait_for_a_device_that_is_away(registry, send, listen):
    client, arrived = listen()
    client.disconnect()
    for number in range(20):
        send(b"%d" % number)
    assert count(registry) == registry.get_twin("d1").cloud_to_device_message_count == 20
    client.connect()
    assert [int(arrived.get(timeout=10).data) for _ in range(20)] == list(range(20))
    wait_until(lambda: count(registry) == 0)


def test_messages_survive_a_restart_of_the_hub(start_mqtt_hub, local_hub, send, key):
    for number in range(3):
        send(b"%d" % number, {"n": str(number)})
    local_hub.stop()
    again = start_mqtt_hub(again=local_hub)
    host = access.running(again.state_dir).hostname
    token = sastoken.SasToken(f"{host}/devices/d1", key, None)
    response = requests.get(
        f"https://{host}/devices/d1/messages/devicebound?api-version=2020-03-13",
        headers={"Authorization": str(token)},
        verify=str(again.ca_file),
        timeout=10,
    )
    assert (response.content, response.headers["iothub-app-n"]) == (b"0", "0")


def test_a_device_gets_a_message_by_https(registry, send, device):
    assert device("GET").status_code == 204
    send(
        "тест".encode("utf-16"),
        {"room": "kitchen"},
        messageid="m-1",
        contenttype="text/plain",
        contentencoding="utf-16",
        expiry="2101-02-03T16:05:06Z",
    )
    received = device("GET")
    assert (received.status_code, received.content.decode("utf-16")) == (200, "тест")
    headers = received.headers
    assert headers["iothub-app-room"] == "kitchen"
    assert headers["iothub-messageid"] == "m-1"
    assert headers["iothub-to"] == "/devices/d1/messages/devicebound"
    assert headers["iothub-expiry"] == "2/3/2101 4:05:06 PM"
    assert (headers["content-type"], headers["content-encoding"]) == ("text/plain", "utf-16")
    assert (headers["iothub-ack"], headers["iothub-correlationid"]) == ("none", "")
    assert (headers["iothub-sequencenumber"], headers["iothub-deliverycount"]) == ("1", "0")
    assert device("GET").status_code == 204  # it is locked

    lock = headers["etag"].strip('"')
    assert device("POST", f"/{lock}/abandon").status_code == 204
    again = device("GET")
    assert again.headers["iothub-deliverycount"] == "1"
    lost = device("DELETE", f"/{lock}")
    assert (lost.status_code, lost.headers["iothub-errorcode"]) == (412, "DeviceMessageLockLost")
    assert device("DELETE", "/" + again.headers["etag"].strip('"')).status_code == 204
    assert count(registry) == 0


def test_feedback_reaches_the_service(send, device, runtime):
    assert feedback(runtime) is None
    runtime.receive_feedback_notification()
    send(b"1", messageid="kept", ack="full")
    send(b"2", messageid="thrown", ack="negative")
    send(b"3", messageid="unasked")
    for parameters in ({}, {"reject": ""}, {}):
        lock = device("GET").headers["etag"].strip('"')
        assert device("DELETE", f"/{lock}", **parameters).status_code == 204

    response = feedback(runtime)
    assert response.headers["content-type"] == "application/vnd.microsoft.iothub.feedback.json"
    records = {record["originalMessageId"]: record for record in json.loads(response.content)}
    assert {name: record["statusCode"] for name, record in records.items()} == {
        "kept": "Success",
        "thrown": "Rejected",
    }
    assert records["kept"]["deviceId"] == "d1"
    lock = response.headers["etag"].strip('"')
    runtime.abandon_feedback_notification(lock)
    again = feedback(runtime)
    assert again.content == response.content
    runtime.complete_feedback_notification(again.headers["etag"].strip('"'))
    assert feedback(runtime) is None


def test_feedback_of_a_purge_and_of_mqtt(registry, send, listen, runtime):
    send(b"1", messageid="before", ack="full")
    operations = registry.protocol.cloud_to_device_messages
    purged = operations.purge_cloud_to_device_message_queue("d1")
    assert (purged.total_messages_purged, purged.device_id) == (1, "d1")
    _, arrived = listen()
    send(b"2", messageid="after", ack="positive")
    arrived.get(timeout=10)
    found = {}

    def both():
        if response := feedback(runtime):
            found.update((r["originalMessageId"], r["statusCode"]) for r in response.json())
        return len(found) == 2

    wait_until(both)
    assert found == {"before": "Purged", "after": "Success"}


def test_what_the_hub_refuses(registry, send, local_hub):
    with pytest.raises(EdgeOpsError, match="has at most 65536 bytes"):
        send(b"x" * 65_536)
    for _ in range(50):
        send(b"x")
    with pytest.raises(EdgeOpsError, match="At most 50 messages can wait for device 'd1'"):
        send(b"x")
    assert count(registry) == 50


@pytest.mark.parametrize("path", ["files", "files/notifications"])
def test_file_uploads_are_refused_with_a_reason(local_hub, key, path):
    host = access.running(local_hub.state_dir).hostname
    token = sastoken.SasToken(f"{host}/devices/d1", key, None)
    response = requests.post(
        f"https://{host}/devices/d1/{path}?api-version=2020-03-13",
        json={"blobName": "a.txt"},
        headers={"Authorization": str(token)},
        verify=str(local_hub.ca_file),
        timeout=10,
    )
    assert response.status_code == 400
    assert "does not take file uploads" in response.json()["Message"]
