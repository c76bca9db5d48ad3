"""Two hubs that somebody starts in an empty folder, and Microsoft's SDKs as the start says."""

from __future__ import annotations

import json
import os
import queue
import re
import subprocess
import sys
from pathlib import Path

import pytest

from edgeops.cli.main import run
from edgeops.localhub import files
from tests.support.device_sdk import SDK_WARNINGS, leaks_end_here  # noqa: F401 - a fixture

hub_sdk = pytest.importorskip("azure.iot.hub", reason="azure-iot-hub has no wheel here")
device_sdk = pytest.importorskip("azure.iot.device")
CONTAINERFILE = Path(files.__file__).with_name("Containerfile")

pytestmark = [*SDK_WARNINGS, pytest.mark.slow]


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """An empty folder; no repository is above it."""
    return tmp_path_factory.mktemp("empty")


@pytest.fixture(scope="module")
def hubs(empty, _mqtt_host):
    """What two hubs said when they were ready: one for devices, and one as in a container."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("EDGEOPS_")}
    for_devices = ["edgeops", "hub", "serve", "--ephemeral", "--dir", "first"]
    in_container = json.loads(
        re.search(r"^ENTRYPOINT (.*)", CONTAINERFILE.read_text(), re.MULTILINE)[1]
    )
    started = (
        ([*for_devices, "--listen", _mqtt_host], {}),
        ([*in_container, "--mqtt-port", "0"], {"EDGEOPS_HUB_DIR": str(empty / "second")}),
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", *command, "--port", "0", "-o", "json"],
            cwd=empty,
            env={**environ, **more},
            stdout=subprocess.PIPE,
            text=True,
        )
        for command, more in started
    ]
    try:
        yield [json.loads(process.stdout.readline()) for process in processes]
    finally:
        for process in processes:
            process.terminate()
        codes = []
        for process in processes:
            process.stdout.close()
            codes.append(process.wait(20))
    assert codes == [0, 0]
    assert [folder.name for folder in empty.iterdir()] == ["second"]


@pytest.fixture
def hub(hubs, monkeypatch):
    """The one for devices, empty, and trusted as its start says."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", hubs[0]["caFile"])
    monkeypatch.setenv("SSL_CERT_FILE", hubs[0]["caFile"])
    yield hubs[0]
    assert run(["hub", "reset", "--yes", "--dir", hubs[0]["dir"]]) == 0


@pytest.fixture
def registry(hub):
    manager = hub_sdk.IoTHubRegistryManager.from_connection_string(hub["connectionString"])
    yield manager
    manager.protocol.close()


@pytest.fixture
def on_hub(hub, capsys):
    """Runs `edgeops hub ...` for the hub; gives what it printed."""

    def on_hub(*words):
        capsys.readouterr()
        assert run(["hub", *map(str, words), "--dir", hub["dir"]]) == 0
        return capsys.readouterr().out

    return on_hub


@pytest.fixture
def connect():
    """Connects azure-iot-device by a connection string; gives the client."""
    clients = []

    def connect(text):
        client = device_sdk.IoTHubDeviceClient.create_from_connection_string(
            text, connection_retry=False, auto_connect=False
        )
        clients.append(client)
        client.connect()
        return client

    yield connect
    for client in clients:
        client.shutdown()


def test_hubs_are_side_by_side(hubs, registry):
    registry.create_device_with_sas("d1", None, None, "enabled")
    assert [device.device_id for device in registry.get_devices()] == ["d1"]
    first, second = hubs
    assert (first["ephemeral"], second["ephemeral"]) == (True, False)
    assert first["mqttPort"] == 8883
    assert second["mqttPort"] not in (None, 0, 8883)
    other = hub_sdk.IoTHubRegistryManager.from_connection_string(second["connectionString"])
    other.protocol.config.connection.verify = second["caFile"]
    assert other.get_devices() == []
    other.protocol.close()


def test_a_device_that_was_created_by_hand_connects(on_hub, connect, registry):
    client = connect(on_hub("device", "create", "d1").strip())
    client.patch_twin_reported_properties({"a": 1})
    assert registry.get_twin("d1").properties.reported["a"] == 1
    assert json.loads(on_hub("device", "list", "-o", "json")) == [
        {"deviceId": "d1", "moduleId": None, "status": "enabled", "edge": False, "connected": True}
    ]
    created = json.loads(on_hub("device", "create", "d1", "--module", "m1", "-o", "json"))
    assert (created["deviceId"], created["moduleId"]) == ("d1", "m1")
    assert ";ModuleId=m1;" in created["connectionString"]


def test_a_reset_disconnects_devices_and_is_seen_at_once(on_hub, connect, registry):
    client = connect(on_hub("device", "create", "d1").strip())
    states = queue.Queue()
    client.on_connection_state_change = lambda: states.put(client.connected)

    on_hub("reset", "--yes")

    assert states.get(timeout=10) is False
    assert registry.get_devices() == []
    assert on_hub("device", "list") == "no devices\n"
    again = connect(on_hub("device", "create", "d1").strip())
    assert again.get_twin()["desired"] == {"$version": 1}


def test_a_device_hears_of_its_seed_once(on_hub, connect, registry, tmp_path):
    file = tmp_path / "devices.yaml"
    file.write_text("devices:\n  d1: {tags: {site: north}, desired: {interval: 60}}\n")
    assert on_hub("seed", file) == "1 created, 0 changed, 0 unchanged\n"
    assert registry.get_twin("d1").tags == {"site": "north"}
    client = connect(on_hub("connection-string", "--device", "d1").strip())
    assert client.get_twin()["desired"]["interval"] == 60
    heard = queue.Queue()
    client.on_twin_desired_properties_patch_received = heard.put

    assert on_hub("seed", file) == "0 created, 0 changed, 1 unchanged\n"
    file.write_text(file.read_text().replace("60", "30"))
    assert on_hub("seed", file) == "0 created, 1 changed, 0 unchanged\n"
    assert heard.get(timeout=10) == {"interval": 30, "$version": 3}


def test_a_port_in_use_names_the_hub_that_has_it(hubs, tmp_path, capsys):
    second = hubs[1]
    command = ["hub", "serve", "--dir", str(tmp_path / "third"), "--port", str(second["port"])]
    assert run(command) == 1
    assert capsys.readouterr().err == (
        f"error: port {second['port']} on 127.0.0.1 is in use by the local hub in"
        f" {second['dir']} (process {second['pid']})\n"
        f"hint: use that hub (--dir {second['dir']}), stop it, or choose another port with --port"
        " (0 takes a free one)\n"
    )
