"""A module with a connection string behind a proxy: by websockets, with Microsoft's device SDK."""

from __future__ import annotations

import logging
import logging.handlers
import queue
import socket
import threading

import pytest

from edgeops.backoff import Backoff
from edgeops.errors import EdgeOpsError
from edgeops.localhub.files import StateFiles
from edgeops.localhub.store import HubStore
from edgeops.modules.runtime.client import Handlers, ModuleClient, NotConnected
from edgeops.modules.runtime.environment import module_environment
from edgeops.modules.runtime.module import DeviceModule
from tests.support.device_sdk import SDK_WARNINGS, leaks_end_here  # noqa: F401 - fixtures
from tests.support.proxies import ConnectProxy, running

pytest.importorskip("azure.iot.device")
models = pytest.importorskip("azure.iot.hub.models")

pytestmark = SDK_WARNINGS


@pytest.fixture
def hub(start_mqtt_hub):
    return start_mqtt_hub()


@pytest.fixture
def proxy(hub):
    """Where it is asked for port 443, there is the hub: this test may not listen there."""
    with running(ConnectProxy(to=hub.port)) as proxy:
        yield proxy


@pytest.fixture
def registry(hub):
    sdk = pytest.importorskip("azure.iot.hub")
    manager = sdk.IoTHubRegistryManager.from_connection_string(hub.connection_string)
    manager.protocol.config.connection.verify = str(hub.ca_file)
    manager.create_device_with_sas("d1", None, None, "enabled")
    manager.create_module_with_sas("d1", "m1", "", None, None)
    yield manager
    manager.protocol.close()


@pytest.fixture
def make_client(hub, registry):
    assert registry
    text = hub.device_connection_string("d1", "m1")
    identity = {"EDGEOPS_CONNECTION_STRING": text, "EDGEOPS_CA_FILE": str(hub.ca_file)}
    return lambda **environ: ModuleClient(module_environment(identity | environ))


@pytest.fixture
def connect(make_client):
    """Connects a module with this environment; gives it, and what its handler heard."""
    clients = []

    def connect(**environ):
        client = make_client(**environ)
        clients.append(client)
        heard = queue.Queue()
        client.connect(Handlers(on_desired=lambda: heard.put("desired")))
        return client, heard

    yield connect
    for client in clients:
        client.close()


def test_everything_goes_by_websockets_through_the_proxy(hub, proxy, registry, connect):
    client, heard = connect(HTTPS_PROXY=proxy.url)
    assert proxy.tunnels == [f"{hub.endpoint.name}:443"]
    client.report({"a": 1})
    assert client.twin().reported == {"a": 1}
    changes = models.Twin(properties=models.TwinProperties(desired={"b": 2}))
    registry.update_module_twin("d1", "m1", changes)
    assert heard.get(timeout=10) == "desired"
    assert client.twin().desired == {"b": 2}
    client.send('{"n": 1}', "forecasts")
    with HubStore(StateFiles(hub.state_dir).database) as store:
        assert store.events(0, 1000, "d1")[-1]["body"] == {"n": 1}


@pytest.mark.parametrize("directly", ["NO_PROXY", "EDGEOPS_TRANSPORT"])
def test_mqtt_goes_past_the_proxy(hub, proxy, connect, directly):
    value = hub.endpoint.name if directly == "NO_PROXY" else "mqtt"
    client, _ = connect(HTTPS_PROXY=proxy.url, **{directly: value})
    assert client.twin().desired == {}
    assert proxy.tunnels == []


@pytest.mark.parametrize("login", ["J%C3%B6rg:hunter2%40", "J%C3%B6rg:wrong", ""])
def test_a_proxy_with_a_password(connect, hub, caplog, login):
    caplog.set_level(logging.INFO, "edgeops")
    with running(ConnectProxy(to=hub.port, login="Jörg:hunter2@")) as proxy:
        url = proxy.url.replace("://", f"://{login}@" if login else "://")
        if "hunter2" in login:
            assert connect(https_proxy=url)[0].twin().desired == {}
            return
        with pytest.raises(NotConnected) as failed:
            connect(https_proxy=url)
    why = (
        "does not accept the user and password of https_proxy"
        if login
        else "asks for a user and password: add them to https_proxy"
    )
    assert failed.value.message == f"the proxy {proxy.place} {why} (407)"


@pytest.mark.parametrize(
    ("answer", "why"), [(403, "does not allow connections to"), (502, "does not connect to")]
)
def test_a_proxy_that_does_not_connect(connect, hub, answer, why):
    with running(ConnectProxy(answer=answer)) as proxy, pytest.raises(NotConnected) as failed:
        connect(HTTPS_PROXY=proxy.url)
    assert failed.value.message == f"the proxy {proxy.place} {why} {hub.endpoint.name} ({answer})"


@pytest.mark.parametrize("scheme", ["http", "socks5h"])
def test_a_dead_proxy_is_named(connect, scheme):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = f"localhost:{free.getsockname()[1]}"
        with pytest.raises(NotConnected) as failed:
            connect(HTTPS_PROXY=f"{scheme}://a:hunter2@{place}")
    assert failed.value.message == f"the proxy {place} cannot be reached"


def test_a_module_outlives_a_proxy_that_fails(hub, proxy, registry, make_client):
    heard, warned = queue.Queue(), queue.Queue()
    log = logging.Logger("test", logging.WARNING)
    log.addHandler(logging.handlers.QueueHandler(warned))
    module = DeviceModule(
        make_client(HTTPS_PROXY=proxy.url),
        log,
        lambda _, desired: heard.put(desired),
        reconnect=Backoff(base=0.05, longest=0.05),
    )
    thread = threading.Thread(target=module.run, daemon=True)
    thread.start()
    try:
        assert heard.get(timeout=10) == {}
        proxy.answer = 502
        proxy.drop()
        warning = f"the proxy {proxy.place} does not connect to {hub.endpoint.name} (502)"
        assert warned.get(timeout=20).getMessage().startswith(warning)
        changes = models.Twin(properties=models.TwinProperties(desired={"b": 2}))
        registry.update_module_twin("d1", "m1", changes)
        proxy.answer = 200
        assert heard.get(timeout=20) == {"b": 2}
    finally:
        module.stop()
        thread.join(timeout=10)


def test_an_https_proxy_is_none_that_the_sdk_knows(connect):
    with pytest.raises(EdgeOpsError, match="HTTPS_PROXY is an https:// proxy") as failed:
        connect(HTTPS_PROXY="https://a:hunter2@proxy.example")
    assert not isinstance(failed.value, NotConnected)
    assert "hunter2" not in failed.value.message


def test_websockets_without_a_proxy(start_mqtt_hub, request):
    host = request.getfixturevalue("_mqtt_host")
    try:
        socket.create_server((host, 443)).close()
    except OSError as error:  # only root may, unless net.ipv4.ip_unprivileged_port_start says so
        pytest.skip(f"cannot listen on port 443, the only one that the SDK uses: {error.strerror}")
    hub = start_mqtt_hub(port=443)
    sdk = pytest.importorskip("azure.iot.hub")
    text = hub.connection_string.replace(":443;", ";")
    manager = sdk.IoTHubRegistryManager.from_connection_string(text)
    manager.protocol.config.connection.verify = str(hub.ca_file)
    manager.create_device_with_sas("d1", None, None, "enabled")
    manager.create_module_with_sas("d1", "m1", "", None, None)
    manager.protocol.close()
    client = ModuleClient(
        module_environment(
            {
                "EDGEOPS_TRANSPORT": "websockets",
                "EDGEOPS_CONNECTION_STRING": hub.device_connection_string("d1", "m1"),
                "EDGEOPS_CA_FILE": str(hub.ca_file),
            }
        )
    )
    client.connect(Handlers(on_desired=lambda: None))
    assert client.twin().desired == {}
    client.close()
