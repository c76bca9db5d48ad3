"""Microsoft's own SDKs, of services and of devices, talking to a local hub."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from edgeops.localhub import access


@pytest.fixture
def registry_as(local_hub: Any) -> Iterator[Callable[[str], Any]]:
    """`IoTHubRegistryManager` with the connection string of a policy."""
    sdk = pytest.importorskip("azure.iot.hub", reason="azure-iot-hub has no wheel here")
    managers = []

    def connect(policy: str) -> Any:
        manager = sdk.IoTHubRegistryManager.from_connection_string(
            access.connection_string(local_hub.state_dir, policy)
        )
        managers.append(manager)
        return _trusting(manager, local_hub)

    yield connect
    for manager in managers:
        manager.protocol.close()


@pytest.fixture
def registry(registry_as: Callable[[str], Any]) -> Any:
    """`IoTHubRegistryManager` that may do everything."""
    return registry_as("iothubowner")


@pytest.fixture
def configurations(local_hub: Any) -> Iterator[Any]:
    """`IoTHubConfigurationManager` that may do everything."""
    sdk = pytest.importorskip("azure.iot.hub", reason="azure-iot-hub has no wheel here")
    manager = sdk.IoTHubConfigurationManager.from_connection_string(local_hub.connection_string)
    yield _trusting(manager, local_hub)
    manager.protocol.close()


def _trusting(manager: Any, hub: Any) -> Any:
    manager.protocol.config.connection.verify = str(hub.ca_file)
    manager.protocol.config.keep_alive = True
    return manager


@pytest.fixture
def refused() -> Callable[[int, str], Any]:
    """A block in which the hub refuses a call, with an HTTP status and Azure's name for it."""
    from msrest.exceptions import HttpOperationError

    @contextmanager
    def refusing(status: int, code: str) -> Iterator[None]:
        with pytest.raises(HttpOperationError) as caught:
            yield
        response = caught.value.response
        assert response.status_code == status
        assert response.headers["iothub-errorcode"] == code
        body = response.json()
        assert body["Message"].startswith(f"ErrorCode:{code};")
        assert body["ExceptionMessage"].startswith("Tracking ID:")

    return refusing


@pytest.fixture
def put(registry: Any) -> Callable[..., Any]:
    """Writes an identity back as it was read, with changes, as az does; gives what it became."""

    def put(identity: Any, **changes: Any) -> Any:
        body = identity.serialize(keep_readonly=True) | changes
        return registry.protocol.devices.create_or_update_identity(
            identity.device_id, body, f'"{identity.etag}"'
        )

    return put


@pytest.fixture
def post() -> Callable[..., Any]:
    """Sends a POST that the SDK has no method for, as the SDK would; gives the response."""

    def post(manager: Any, path: str, body: Any) -> Any:
        client = manager.protocol._client
        parameters = {"api-version": "2024-03-31"}
        headers = {"Content-Type": "application/json; charset=utf-8"}
        return client.send(client.post(path, parameters, headers, body), stream=False)

    return post


@pytest.fixture
def device_client(local_mqtt_hub: Any) -> Iterator[Callable[..., Any]]:
    """Makes unmodified clients of azure-iot-device for a device, or for a module of it."""
    sdk = pytest.importorskip("azure.iot.device")
    clients = []

    def make(device: str, module: str | None = None, key: str = "", **options: Any) -> Any:
        kind = sdk.IoTHubModuleClient if module else sdk.IoTHubDeviceClient
        text = local_mqtt_hub.device_connection_string(device, module)
        if key:
            text = text.rpartition("SharedAccessKey=")[0] + f"SharedAccessKey={key}"
        certificate = local_mqtt_hub.ca_file.read_text()
        client = kind.create_from_connection_string(
            text, server_verification_cert=certificate, **options
        )
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.shutdown()
