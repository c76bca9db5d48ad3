"""`edgeops device run`: from a commit to a forecast, with real modules, SDKs and files."""

from __future__ import annotations

import hashlib
import json
import signal
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from device_runs import device_run
from onnx import TensorProto, helper
from shared_state import share_state

from tests.support.edge_modules import FORECASTER, MODEL_LOADER

FLEET = (
    """\
apiVersion: edgeops/v1
kind: Fleet
metadata: {name: tiny}
spec:
  hubs: {local: {}}
  defaults:
    modules: {model_loader: {}, forecaster: {}, sensor: {}}
    models: {crowdedness: mean@1.0.0}
"""
    + MODEL_LOADER
    + FORECASTER
    + """\
  startupOrder: 1
  desired: {model: crowdedness, intervalSeconds: 1}
  routes: {forecasts: "FROM /messages/modules/forecaster/outputs/* INTO $upstream"}
---
apiVersion: edgeops/v1
kind: Module
metadata: {name: sensor}
spec: {image: "example/sensor:2"}
---
apiVersion: edgeops/v1
kind: Device
metadata: {name: a}
spec: {edge: true}
---
apiVersion: edgeops/v1
kind: Device
metadata: {name: b}
spec: {edge: true}
"""
)


def mean_of_two_hours() -> bytes:
    """A model that forecasts, for one hour, the mean of the two before."""
    graph = helper.make_graph(
        [helper.make_node("ReduceMean", ["window"], ["forecast"], axes=[1, 2], keepdims=1)],
        "mean",
        [helper.make_tensor_value_info("window", TensorProto.FLOAT, [1, 2, 1])],
        [helper.make_tensor_value_info("forecast", TensorProto.FLOAT, [1, 1, 1])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    helper.set_model_props(model, {"inputs": '["total"]', "window_steps": "2", "horizon": "1"})
    return bytes(model.SerializeToString())


def release(hub: Any, data: bytes) -> str:
    """Publish an artifact on the hub; gives its release file."""
    hub.artifacts.mkdir(parents=True, exist_ok=True)
    (hub.artifacts / "mean.onnx").write_bytes(data)
    spec = {
        "url": f"https://{hub.endpoint.hostname}/artifacts/mean.onnx",
        "fileName": "mean.onnx",
        "size": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "md5": hashlib.md5(data).hexdigest(),
        "format": "onnx",
    }
    return json.dumps(
        {
            "apiVersion": "edgeops/v1",
            "kind": "ModelRelease",
            "metadata": {"name": "mean", "version": "1.0.0"},
            "spec": spec,
        }
    )


@pytest.fixture
def synced(empty_repo, local_mqtt_hub):
    """Two devices with a model, on a hub that is in sync with git."""
    empty_repo.write("fleet/fleet.yaml", FLEET)
    empty_repo.write(
        "models/mean/releases/1.0.0.yaml", release(local_mqtt_hub, mean_of_two_hours())
    )
    share_state(empty_repo.root, local_mqtt_hub.state_dir)
    empty_repo.commit()
    result = empty_repo.edgeops("sync")
    assert result.code == 0, result.out + result.err
    return empty_repo


def test_devices_fetch_their_model_and_converge(synced, local_mqtt_hub):
    done = device_run(synced, "--all", "--until-converged", "--timeout", "60")
    out, _ = done.communicate(timeout=90)
    assert done.returncode == 0, out
    assert "2 devices: 2 in sync, 2 connected; 2 Converged" in out
    assert "a: deployment 2: model_loader, forecaster; not started here: sensor" in out
    assert "a/model_loader | " in out
    assert local_mqtt_hub.artifact_gets("mean.onnx") == 2
    for device in ("a", "b"):
        slot = local_mqtt_hub.state_dir / "devices" / device / "models/crowdedness"
        assert (slot / "mean.onnx").read_bytes() == mean_of_two_hours()

    rows = json.loads(synced.edgeops("status", "-o", "json").out)["devices"]
    assert [row["health"] for row in rows] == ["Converged", "Converged"]


def test_from_a_csv_file_to_a_forecast_and_ctrl_c_stops_all(
    synced, next_event, in_background, tmp_path
):
    history = tmp_path / "history.csv"
    fill_history(history)
    running = in_background(synced, "a", "--history", str(history))
    forecast = next_event(
        lambda event: event["source"] == "Telemetry" and event["moduleId"] == "forecaster"
    )
    assert forecast["body"]["quantiles"] == {"0.5": [15.0]}
    assert forecast["body"]["sha256"] == hashlib.sha256(mean_of_two_hours()).hexdigest()
    assert forecast["systemProperties"]["output-name"] == "forecasts"

    running.send_signal(signal.SIGINT)
    out, _ = running.communicate(timeout=30)
    assert running.returncode == 130, out
    assert "model_loader: stopped" in out
    assert "error:" not in out  # it is how it ends
    assert "SharedAccessKey" not in out


def test_a_device_that_is_given_keys_refuses_what_is_not_signed(
    synced, local_mqtt_hub, in_background, tmp_path
):
    key = Ed25519PrivateKey.generate().public_key()
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "releases.pub").write_bytes(pem)
    running = in_background(synced, "a", "--trust", str(tmp_path / "releases.pub"))
    watchdog = threading.Timer(60, running.kill)
    watchdog.start()
    assert any("NotSigned: mean@1.0.0: is not signed" in line for line in running.stdout)
    watchdog.cancel()
    assert local_mqtt_hub.artifact_gets() == 0


SENSOR = """\
from datetime import UTC, datetime, timedelta
from edgeops.modules.runtime import run_module

NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


def follow(module, desired):
    for ago, count in ((2, 10), (1, 20)):
        at = (NOW - timedelta(hours=ago)).isoformat()
        module.send({"timestamp": at, "values": {"total": count}}, "counts")


run_module("sensor", follow)
"""
ROUTES = """\
  routes:
    counts: >-
      FROM /messages/modules/sensor/outputs/counts
      INTO BrokeredEndpoint("/modules/forecaster/inputs/observations")
"""


def test_observations_reach_the_forecaster_from_another_module_by_a_route(
    synced, next_event, in_background, tmp_path
):
    synced.edit(
        "fleet/fleet.yaml",
        'spec: {image: "example/sensor:2"}\n',
        f'spec:\n  image: "example/sensor:2"\n{ROUTES}',
    )
    synced.commit()
    assert synced.edgeops("sync").code == 0
    program = tmp_path / "sensor.py"
    program.write_text(SENSOR)
    in_background(synced, "a", "--program", f"sensor={program}")
    telemetry = next_event(lambda event: event["source"] == "Telemetry")
    assert telemetry["moduleId"] == "forecaster"  # the counts do not go upstream
    assert telemetry["body"]["quantiles"] == {"0.5": [15.0]}


@pytest.mark.parametrize("option", ["sensor", "=sensor.py", "sensor=nowhere.py", "sensor=a.sh"])
def test_a_program_needs_the_name_of_a_module_and_a_python_file(tiny_repo, option):
    result = tiny_repo.edgeops("device", "run", "a", "--program", option)
    assert (result.code, "expected MODULE=FILE with an existing file" in result.err) == (64, True)


def test_a_module_sees_nothing_of_the_users_and_one_that_would_change_its_process_is_refused(
    synced, in_background, monkeypatch
):
    if not Path("/proc/self/environ").exists():
        pytest.skip("the environment of a process can be read in Linux only")
    canary = "canary-of-the-user"
    for name in ("GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "SSH_AUTH_SOCK", "HTTPS_PROXY", "LC_X"):
        monkeypatch.setenv(name, canary)
    monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.0/8")  # for this command itself
    synced.edit("fleet/fleet.yaml", "startupOrder: 1", 'env: {PYTHONPATH: "/srv/code"}')
    proxy = '\n  env: {HTTPS_PROXY: "http://localhost:9", COLOUR: red}'  # nobody listens there
    synced.edit("fleet/fleet.yaml", "loader:1.0.0", f"loader:1.0.0{proxy}")
    synced.commit()
    assert synced.edgeops("sync").code == 0
    running = in_background(synced, "a")
    why = (
        "cannot be started here: the env of a process may not set 'PYTHONPATH', which would"
        " change which code is loaded"
    )
    refused = f"a: module forecaster {why}\n"
    holds = "slot crowdedness holds mean.onnx\n"
    missing = {refused, holds}
    while missing:
        line = running.stdout.readline()
        assert line, f"it ended before it said {missing}"
        missing -= {ending for ending in missing if line.endswith(ending)}

    (loader,) = modules_of(running.pid)
    environ = dict(
        entry.split("=", 1) for entry in (loader / "environ").read_text().split("\0") if entry
    )
    assert canary not in environ.values()
    assert (environ["COLOUR"], environ["HTTPS_PROXY"]) == ("red", "http://localhost:9")
    assert environ.keys() - {"COLOUR", "HTTPS_PROXY", "LC_CTYPE"} == {
        "LANG",
        "TZ",
        "PATH",
        "HOME",
        "TMPDIR",
        "no_proxy",
        "NO_PROXY",
        "IOTEDGE_DEVICEID",
        "IOTEDGE_MODULEID",
        "EDGEOPS_STORAGE",
        "EDGEOPS_CONNECTION_STRING",
        "EDGEOPS_CA_FILE",
        "EDGEOPS_TRANSPORT",
    }
    assert (loader / "cwd").resolve() == Path(environ["HOME"]).resolve()
    row, *_ = json.loads(synced.edgeops("status", "-o", "json").out)["devices"]
    assert row["health"] == "Degraded"
    assert "module forecaster is failed" in row["reason"]


def modules_of(pid: int) -> list[Path]:
    """The folders in /proc of the processes that this one started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [Path("/proc", child) for child in children]


def test_without_a_hub_for_devices_it_says_how_to_start_one(tiny_repo, with_hub):
    alone = tiny_repo.edgeops("device", "run", "a")
    assert (alone.code, alone.err) == (
        1,
        "error: the local hub is not running\nhint: start it with `edgeops hub serve`\n",
    )
    with_hub(tiny_repo)
    without_mqtt = tiny_repo.edgeops("device", "run", "a")
    assert (without_mqtt.code, "runs without MQTT" in without_mqtt.err) == (1, True)


def test_devices_are_named_or_all(tiny_repo):
    for args in ((), ("a", "--all")):
        result = tiny_repo.edgeops("device", "run", *args)
        assert (result.code, "name the devices to run, or use --all" in result.err) == (64, True)


def test_a_history_that_is_not_there(tiny_repo):
    result = tiny_repo.edgeops("device", "run", "a", "--history", "nowhere.csv")
    assert (result.code, "'nowhere.csv' does not exist" in result.err) == (64, True)


def test_a_device_that_the_hub_lacks_is_an_error(synced):
    result = synced.edgeops("device", "run", "nowhere")
    assert (result.code, "the local hub has no module nowhere/$edgeAgent" in result.err) == (
        1,
        True,
    )


def fill_history(path: Path) -> None:
    """The last two full hours: 10 and 20 people."""
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    rows = [f"{(now - timedelta(hours=ago)).isoformat()},{n}" for ago, n in ((2, 10), (1, 20))]
    path.write_text("\n".join(["timestamp,total", *rows, ""]))
