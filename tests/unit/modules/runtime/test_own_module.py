"""docs/own-module.md says what works: its module runs, with Microsoft's SDK, on the local hub."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edgeops.localhub.tail import tail
from edgeops.modules.runtime.slots import CurrentModel, write_current

pytest.importorskip("azure.iot.device")
hub_sdk = pytest.importorskip("azure.iot.hub")

PAGE = Path(__file__).parents[4] / "docs/own-module.md"
MODULE, SLOT = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)


@pytest.fixture
def registry(local_mqtt_hub):
    registry = hub_sdk.IoTHubRegistryManager.from_connection_string(
        local_mqtt_hub.connection_string
    )
    registry.protocol.config.connection.verify = str(local_mqtt_hub.ca_file)
    registry.create_device_with_sas("d1", None, None, "enabled", iot_edge=True)
    registry.create_module_with_sas("d1", "counter", "", None, None)
    return registry


@pytest.fixture
def process(registry, local_mqtt_hub, tmp_path):
    program = tmp_path / "counter.py"
    program.write_text(MODULE)
    process = subprocess.Popen(
        [sys.executable, str(program)],
        env={
            "PATH": os.environ["PATH"],
            "EDGEOPS_CONNECTION_STRING": local_mqtt_hub.device_connection_string("d1", "counter"),
            "EDGEOPS_CA_FILE": str(local_mqtt_hub.ca_file),
        },
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
    process.communicate()


def want(registry, **desired):
    from azure.iot.hub.models import Twin, TwinProperties

    patch = Twin(properties=TwinProperties(desired=desired))
    registry.update_module_twin("d1", "counter", patch)


def message(hub, text):
    """The telemetry message with this text, within a minute."""
    end = time.monotonic() + 60
    while True:
        for event in tail(hub.state_dir, last=100, device="d1", follow=False):
            if event["source"] == "Telemetry" and event["body"] == {"text": text}:
                return event
        assert time.monotonic() < end, f"no message says: {text}"
        time.sleep(0.05)


def test_the_documented_module_follows_reports_sends_and_stops(registry, process, local_mqtt_hub):
    first = message(local_mqtt_hub, "the limit is 100")
    assert first["systemProperties"]["output-name"] == "alarms"
    want(registry, limit=40)
    message(local_mqtt_hub, "the limit is 40")
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=30)
    assert process.returncode == 0, log
    assert log.endswith("INFO counter: stopped\n")
    reported = registry.get_module_twin("d1", "counter").properties.reported
    assert reported["limit"] == 40


def test_the_documented_module_finds_the_model_of_a_slot(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("EDGEOPS_STORAGE", str(tmp_path))
    exec(compile(SLOT, PAGE.name, "exec"), {})
    assert capsys.readouterr().out == ""
    path = tmp_path / "crowdedness/mean.onnx"
    path.parent.mkdir()
    path.write_bytes(b"model")
    write_current(CurrentModel("crowdedness", path, "mean", "1.0.0", "", "", 5, "onnx", ""))
    exec(compile(SLOT, PAGE.name, "exec"), {})
    assert capsys.readouterr().out == f"mean 1.0.0 {path} {{}}\n"
