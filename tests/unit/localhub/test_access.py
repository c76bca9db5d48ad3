"""The keys and connection strings of the local hub."""

from __future__ import annotations

import json
import stat
import subprocess
import sys

import pytest

from edgeops.errors import EdgeOpsError, Refused, UsageError
from edgeops.localhub import access, lock
from edgeops.localhub.client import client
from edgeops.localhub.files import StateFiles
from edgeops.localhub.service import registry
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.store import HubStore


def fields(connection_string):
    return dict(field.split("=", 1) for field in connection_string.split(";"))


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_keys_are_made_once_for_each_policy(tmp_path):
    owner = access.connection_string(tmp_path / "state")
    service = fields(access.connection_string(tmp_path / "state", "service"))

    assert access.connection_string(tmp_path / "state") == owner
    assert fields(owner)["SharedAccessKeyName"] == "iothubowner"
    assert service["SharedAccessKey"] != fields(owner)["SharedAccessKey"]
    assert service["HostName"] == "localhost:8443"
    assert mode(tmp_path / "state" / "policies.json") == 0o600
    assert (tmp_path / "state" / ".gitignore").read_text() == "*\n"


def test_an_unknown_policy_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="no policy is called 'root'"):
        access.connection_string(tmp_path, "root")


def test_spoilt_keys_are_an_error_without_the_keys(tmp_path):
    (tmp_path / "policies.json").write_text('{"service": "secret"}')
    with pytest.raises(EdgeOpsError) as caught:
        access.connection_string(tmp_path)
    assert "secret" not in caught.value.message + caught.value.hint


def test_the_connection_string_has_the_port_of_the_running_hub(local_hub):
    assert fields(local_hub.connection_string)["HostName"] == f"localhost:{local_hub.port}"
    assert access.running(local_hub.state_dir) == local_hub.endpoint


def test_the_default_port_of_https_is_left_out(tmp_path):
    names = [
        access.Endpoint("127.0.0.1", port, 1, tmp_path / "ca.pem").hostname for port in (443, 8443)
    ]
    assert names == ["localhost", "localhost:8443"]


@pytest.mark.parametrize(
    ("host", "alias", "name", "local_name"),
    [
        ("127.0.0.1", "", "localhost", "localhost"),
        ("0.0.0.0", "", "localhost", "localhost"),
        ("127.0.0.2", "", "127.0.0.2", "127.0.0.2"),
        ("::1", "", "[::1]", "[::1]"),
        ("0.0.0.0", "hub", "hub", "localhost"),
        ("127.0.0.1", "2001:db8::1", "[2001:db8::1]", "localhost"),
    ],
)
def test_clients_have_a_name_for_each_address(tmp_path, host, alias, name, local_name):
    endpoint = access.Endpoint(host, 9, 1, tmp_path / "ca.pem", alias=alias)
    assert (endpoint.name, endpoint.local_name) == (name, local_name)
    assert endpoint.hostname == f"{name}:9"


def test_a_hub_json_without_a_hub_counts_for_nothing(tmp_path):
    (tmp_path / "hub.json").write_text(json.dumps({"pid": 1, "host": "127.0.0.1", "port": 1}))
    (tmp_path / "hub.lock").touch()
    assert access.running(tmp_path) is None
    assert access.running(tmp_path / "absent") is None


@pytest.mark.parametrize("content", ["[]", "1", "{}", '{"host": "a"}'])
def test_a_damaged_hub_json_of_a_hub_is_an_error(tmp_path, content):
    files = StateFiles(tmp_path)
    files.endpoint.write_text(content)
    with lock.held(files.lock), pytest.raises(EdgeOpsError, match="does not say where") as caught:
        access.running(tmp_path)
    assert caught.value.hint == "start the hub again"


def test_a_damaged_certificate_is_an_error_with_a_way_out(tmp_path):
    files = StateFiles(tmp_path)
    files.endpoint.write_text('{"host": "127.0.0.1", "port": 1, "pid": 1}')
    for content in (None, b"", b"damaged"):
        if content is not None:
            files.ca.write_bytes(content)
        with lock.held(files.lock), pytest.raises(EdgeOpsError) as caught:
            client(tmp_path, "service", seconds=1)
        assert caught.value.message == f"cannot use the local hub's certificate in {files.ca}"


def test_device_connection_strings(tmp_path):
    with HubStore(tmp_path / "hub.db") as store:
        hub = EmulatedHub(store)
        device = registry.put_device(hub, "d1", {"deviceId": "d1"}, None)
        body = {"deviceId": "d1", "moduleId": "m1"}
        module, _ = registry.put_module(hub, "d1", "m1", body, None)
        x509 = {"deviceId": "d2", "authentication": {"type": "certificateAuthority"}}
        registry.put_device(hub, "d2", x509, None)

    assert fields(access.device_connection_string(tmp_path, "d1")) == {
        "HostName": "localhost:8443",
        "GatewayHostName": "localhost",
        "DeviceId": "d1",
        "SharedAccessKey": device["authentication"]["symmetricKey"]["primaryKey"],
    }
    of_module = fields(access.device_connection_string(tmp_path, "d1", "m1"))
    assert of_module["ModuleId"] == "m1"
    key = module["authentication"]["symmetricKey"]["primaryKey"]
    assert of_module["SharedAccessKey"] == key
    with pytest.raises(EdgeOpsError, match="has no device d3"):
        access.device_connection_string(tmp_path, "d3")
    assert access.device_connection_string(tmp_path, "d2").endswith(";DeviceId=d2;x509=true")
    with pytest.raises(EdgeOpsError, match="authenticates by certificateAuthority"):
        access.device_connection_string(tmp_path, "d2", with_key=True)
    with pytest.raises(EdgeOpsError, match="has no device d1"):
        access.device_connection_string(tmp_path / "nothing here", "d1")


def test_reset_forgets_devices_and_keeps_keys(tmp_path):
    before = access.connection_string(tmp_path)
    with HubStore(tmp_path / "hub.db") as store:
        registry.put_device(EmulatedHub(store), "d1", {"deviceId": "d1"}, None)

    access.reset(tmp_path)
    access.reset(tmp_path / "absent")

    with HubStore(tmp_path / "hub.db") as store:
        assert store.entry("d1") is None
    assert access.connection_string(tmp_path) == before


def test_a_running_hub_is_not_reset(local_hub):
    with pytest.raises(Refused, match="is running"):
        access.reset(local_hub.state_dir)


def test_access_costs_no_server_import():
    check = (
        "import sys; import edgeops.localhub.access; "
        "print([m for m in ('aiohttp', 'trustme', 'asyncio', 'sqlite3') if m in sys.modules])"
    )
    process = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, text=True, check=True
    )
    assert process.stdout.strip() == "[]"
