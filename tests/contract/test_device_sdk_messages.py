"""Microsoft's own device SDK, unmodified: direct methods and telemetry."""

from __future__ import annotations

import queue

import pytest

from edgeops.localhub.tail import tail
from tests.support.device_sdk import (  # noqa: F401 - fixtures
    SDK_WARNINGS,
    leaks_end_here,
    the_hub_of_devices,
)

sdk = pytest.importorskip("azure.iot.device")
models = pytest.importorskip("azure.iot.hub.models")

pytestmark = SDK_WARNINGS


@pytest.fixture
def device(registry, device_client):
    """A client of device d1."""
    registry.create_device_with_sas("d1", None, None, "enabled")
    return device_client("d1")


@pytest.fixture
def module(registry, device, device_client):
    """A client of module m1 on it."""
    registry.create_module_with_sas("d1", "m1", "", None, None)
    return device_client("d1", "m1")


def answering(client, status, payload):
    """Answer every direct method; gives the requests."""
    requests = queue.Queue()

    def handle(request):
        requests.put((request.name, request.payload))
        client.send_method_response(
            sdk.MethodResponse.create_from_method_request(request, status, payload)
        )

    client.on_method_request_received = handle
    return requests


def call(name, payload):
    return models.CloudToDeviceMethod(
        method_name=name,
        payload=payload,
        response_timeout_in_seconds=10,
        connect_timeout_in_seconds=0,
    )


def test_a_device_answers_a_method(registry, device):
    requests = answering(device, 202, {"done": [1, None]})
    result = registry.invoke_device_method("d1", call("reboot now", {"in": 5}))
    assert (result.status, result.payload) == (202, {"done": [1, None]})
    assert requests.get(timeout=10) == ("reboot now", {"in": 5})


@pytest.mark.parametrize("payload", [None, "text", 7, [1]])
def test_a_module_answers_a_method(registry, module, payload):
    requests = answering(module, 200, payload)
    result = registry.invoke_device_module_method("d1", "m1", call("m", payload))
    assert (result.status, result.payload) == (200, payload)
    # the service SDK sends "" for None
    assert requests.get(timeout=10) == ("m", "" if payload is None else payload)


def test_calling_a_device_that_is_not_connected(registry, device, refused):
    with refused(404, "DeviceNotOnline"):
        registry.invoke_device_method("d1", call("m", None))
    with refused(404, "DeviceNotFound"):
        registry.invoke_device_method("d9", call("m", None))


def test_telemetry_of_a_device(local_mqtt_hub, device):
    message = sdk.Message('{"temperature": 21.5}', content_type="application/json")
    message.content_encoding = "utf-8"
    message.custom_properties = {"alert": "no & never", "ü": "+"}
    device.send_message(message)
    device.send_message("plain text")
    first, second = list(tail(local_mqtt_hub.state_dir, last=2, device="d1", follow=False))
    assert first["body"] == {"temperature": 21.5}
    assert first["systemProperties"] == {
        "content-type": "application/json",
        "content-encoding": "utf-8",
    }
    assert first["properties"] == {"alert": "no & never", "ü": "+"}
    assert second["body"] == "plain text"


def test_outputs_of_a_module(local_mqtt_hub, module):
    module.send_message_to_output("[1, 2]", "forecasts")
    [event] = tail(local_mqtt_hub.state_dir, last=1, device="d1", follow=False)
    assert (event["deviceId"], event["moduleId"], event["body"]) == ("d1", "m1", [1, 2])
    assert event["systemProperties"] == {"output-name": "forecasts"}


def test_a_module_gets_what_another_module_of_its_gateway_sends(registry, device_client):
    registry.create_device_with_sas("g1", None, None, "enabled", iot_edge=True)
    into = 'INTO BrokeredEndpoint("/modules/filter/inputs/readings")'
    content = {
        "$edgeAgent": {"properties.desired": {"modules": {"sensor": {}, "filter": {}}}},
        "$edgeHub": {
            "properties.desired": {
                "routes": {"hot": f"FROM /messages/modules/sensor/* WHERE $body.t > 50 {into}"}
            }
        },
    }
    edge = models.ConfigurationContent(modules_content=content)
    registry.protocol.configuration.apply_on_edge_device("g1", edge)
    arrived = queue.Queue()
    receiver = device_client("g1", "filter")
    receiver.on_message_received = arrived.put

    sensor = device_client("g1", "sensor")
    for temperature in (20, 51):
        reading = sdk.Message(f'{{"t": {temperature}}}', "a1", "utf-8", "application/json")
        reading.custom_properties = {"unit": "°C"}
        sensor.send_message_to_output(reading, "out")
    message = arrived.get(timeout=10)
    assert (message.data, message.input_name, message.message_id) == (
        b'{"t": 51}',
        "readings",
        "a1",
    )
    assert message.custom_properties == {"unit": "°C", "$.cdid": "g1", "$.cmid": "sensor"}
    assert arrived.empty()
