"""Microsoft's own device SDK, unmodified, over websockets: it insists on port 443."""

from __future__ import annotations

import queue
import socket

import pytest

from edgeops.localhub.files import StateFiles
from edgeops.localhub.store import HubStore
from tests.support.device_sdk import SDK_WARNINGS, leaks_end_here  # noqa: F401 - fixtures

sdk = pytest.importorskip("azure.iot.device")
models = pytest.importorskip("azure.iot.hub.models")

pytestmark = SDK_WARNINGS


@pytest.fixture
def local_mqtt_hub(start_mqtt_hub, _mqtt_host):
    """A hub with its HTTPS port where the SDK looks for it, on an address of this process alone."""
    try:
        socket.create_server((_mqtt_host, 443)).close()
    except OSError as error:  # only root may, unless net.ipv4.ip_unprivileged_port_start says so
        pytest.skip(f"cannot listen on port 443, the only one that the SDK uses: {error.strerror}")
    return start_mqtt_hub(port=443)


@pytest.fixture
def registry(local_mqtt_hub):
    """The service SDK on the same hub, named as clients name a host on port 443."""
    manager = pytest.importorskip("azure.iot.hub").IoTHubRegistryManager.from_connection_string(
        local_mqtt_hub.connection_string.replace(":443;", ";")
    )
    manager.protocol.config.connection.verify = str(local_mqtt_hub.ca_file)
    yield manager
    manager.protocol.close()


@pytest.fixture(params=[None, "m1"], ids=["device", "module"])
def module(request, registry):
    """Each test is of device d1, and of module m1 on it."""
    registry.create_device_with_sas("d1", None, None, "enabled")
    registry.create_module_with_sas("d1", "m1", "", None, None)
    return request.param


@pytest.fixture
def client(device_client, module):
    return device_client("d1", module, websockets=True)


def test_twins(registry, client, module):
    client.patch_twin_reported_properties({"a": 1})
    assert client.get_twin()["reported"] == {"a": 1, "$version": 2}
    heard = queue.Queue()
    client.on_twin_desired_properties_patch_received = heard.put
    changes = models.Twin(properties=models.TwinProperties(desired={"b": 2}))
    if module:
        registry.update_module_twin("d1", module, changes)
        twin = registry.get_module_twin("d1", module)
    else:
        registry.update_twin("d1", changes)
        twin = registry.get_twin("d1")
    assert heard.get(timeout=10) == {"b": 2, "$version": 2}
    assert twin.connection_state == "Connected"
    client.disconnect()
    client.connect()
    assert client.get_twin()["desired"] == {"b": 2, "$version": 2}


def test_methods_and_telemetry(registry, client, module, local_mqtt_hub):
    def answer(request):
        client.send_method_response(
            sdk.MethodResponse.create_from_method_request(request, 202, request.payload)
        )

    client.on_method_request_received = answer
    call = models.CloudToDeviceMethod(
        method_name="m",
        payload={"n": "x" * 100_000},
        response_timeout_in_seconds=10,
        connect_timeout_in_seconds=0,
    )
    if module:
        result = registry.invoke_device_module_method("d1", module, call)
    else:
        result = registry.invoke_device_method("d1", call)
    assert (result.status, result.payload) == (202, {"n": "x" * 100_000})
    client.send_message('{"n": 1}')
    with HubStore(StateFiles(local_mqtt_hub.state_dir).database) as store:
        event = store.events(0, 1000, "d1")[-1]
    assert (event["source"], event["body"]) == ("Telemetry", {"n": 1})


def test_a_wrong_key_is_refused(device_client, module):
    stranger = device_client("d1", module, key="d3Jvbmcga2V5IHdyb25nIGtleQ==", websockets=True)
    with pytest.raises(sdk.exceptions.CredentialError):
        stranger.connect()
