"""Who uses a model has a say in the health of the device: real modules, from commit to rollback."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from onnx import TensorProto, helper
from shared_state import share_state

from tests.support.edge_modules import FORECASTER, MODEL_LOADER
from tests.support.waiting import wait_until

FLEET = (
    """\
apiVersion: edgeops/v1
kind: Fleet
metadata: {name: tiny}
spec:
  hubs: {local: {}}
  defaults: {modules: {model_loader: {}, forecaster: {}}}
---
apiVersion: edgeops/v1
kind: Group
metadata: {name: canary, priority: 30}
spec:
  selector: {matchLabels: {ring: canary}}
  rollout: {ring: 1, soak: 0m}
  models: {crowds: m@1.1.0}
---
apiVersion: edgeops/v1
kind: Group
metadata: {name: all, priority: 10}
spec:
  selector: {}
  rollout: {ring: 2}
  models: {crowds: m@1.0.0}
"""
    + MODEL_LOADER
    + FORECASTER
    + """\
  desired: {model: crowds}
---
apiVersion: edgeops/v1
kind: Module
metadata: {name: vision}
spec:
  image: example/vision:1.0.0
  storage: [{source: /srv/models, target: /models}]
  desired: {limit: 1}
  health: {path: /use/verdict, good: [true], digest: /use/sha256, slot: crowds}
---
apiVersion: edgeops/v1
kind: Device
metadata: {name: a, labels: {ring: canary}}
spec: {edge: true}
---
apiVersion: edgeops/v1
kind: Device
metadata: {name: b}
spec: {edge: true}
"""
)

# A module of the user's: it does not like a model whose version is too high for it.
VISION = """\
import os
import time
from edgeops.modules.runtime import module_environment, read_current, run_module


def follow(module, desired):
    storage = module_environment(os.environ).storage
    while (current := read_current(storage, "crowds")) is None:
        time.sleep(0.1)
    verdict = current.version < desired["limit"]
    reason = {} if verdict else {"reason": f"version {current.version} is blind"}
    module.report({"use": {"verdict": verdict, "sha256": current.sha256, **reason}})


run_module("vision", follow)
"""


def model(columns: int) -> bytes:
    """A mean of two hours that says of itself that it takes one column."""
    graph = helper.make_graph(
        [helper.make_node("ReduceMean", ["window"], ["forecast"], axes=[1, 2], keepdims=1)],
        "mean",
        [helper.make_tensor_value_info("window", TensorProto.FLOAT, [1, 2, columns])],
        [helper.make_tensor_value_info("forecast", TensorProto.FLOAT, [1, 1, 1])],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    helper.set_model_props(made, {"inputs": '["total"]', "window_steps": "2", "horizon": "1"})
    return bytes(made.SerializeToString())


@pytest.fixture
def repo(empty_repo, local_mqtt_hub, release_in_git):
    """Two rings: what the first has got lists one feature and takes three."""
    served = f"https://{local_mqtt_hub.endpoint.hostname}/artifacts"
    local_mqtt_hub.artifacts.mkdir(parents=True, exist_ok=True)
    for version, columns in (("1.0.0", 1), ("1.1.0", 3)):
        data = model(columns)
        (local_mqtt_hub.artifacts / version).write_bytes(data)
        release_in_git(empty_repo, "m", version, data, url=f"{served}/{version}")
    empty_repo.write("fleet/fleet.yaml", FLEET)
    share_state(empty_repo.root, local_mqtt_hub.state_dir)
    return empty_repo


@pytest.fixture
def run_devices(repo, tmp_path) -> Iterator[Any]:
    """Runs the modules of both devices until the test ends."""
    started: list[subprocess.Popen[str]] = []
    program = tmp_path / "vision.py"
    program.write_text(VISION)
    quiet = subprocess.DEVNULL

    def run() -> None:
        started.append(
            repo.start(
                "device",
                "run",
                "--all",
                "--program",
                f"vision={program}",
                stdout=quiet,
                stderr=quiet,
            )
        )

    yield run
    for process in started:
        process.terminate()
        process.communicate()


def synced(repo) -> None:
    repo.commit()
    done = repo.edgeops("sync")
    assert done.code == 0, done.err


def health_of(repo, device: str) -> tuple[str, str]:
    rows = json.loads(repo.edgeops("status", "-o", "json").out)["devices"]
    return next((row["health"], row["reason"]) for row in rows if row["device"] == device)


def test_a_forecaster_in_error_stops_the_rollout_until_its_release_goes_back(repo, run_devices):
    repo.edit("fleet/fleet.yaml", "m@1.1.0", "m@1.0.0")
    synced(repo)
    run_devices()
    good = repo.edgeops("status", "--wait", "--timeout", "60")
    assert (good.code, "2 Converged" in good.out) == (0, True), good.out + good.err

    repo.edit(
        "fleet/fleet.yaml",
        "ring: 1, soak: 0m}\n  models: {crowds: m@1.0.0}",
        "ring: 1, soak: 0m}\n  models: {crowds: m@1.1.0}",
    )
    synced(repo)
    state, reason = wait_until(
        lambda: (found := health_of(repo, "a"))[0] == "Degraded" and found, seconds=60
    )
    why = "forecaster: Error: InputShape: the model takes 1 x 2 x 3, not 1 x 2 x 1 as it says"
    assert (state, reason) == ("Degraded", why)
    assert health_of(repo, "b") == ("Converged", "")
    waits = repo.edgeops("status", "--wait", "--timeout", "0")
    assert (waits.code, f"first: a, {why}" in waits.err) == (1, True), waits.err

    refused = repo.edgeops("model", "promote", "--next")
    assert (refused.code, f"a   Degraded: {why}" in refused.out) == (5, True), refused.out
    back = repo.edgeops("model", "promote", "--next", "--revert-degraded")
    assert back.code == 0, back.err
    synced(repo)
    healed = repo.edgeops("status", "--wait", "--timeout", "60")
    assert (healed.code, "2 Converged" in healed.out) == (0, True), healed.out + healed.err


def test_a_module_of_ones_own_can_veto(repo, run_devices):
    repo.edit("fleet/fleet.yaml", "forecaster: {}}}", 'vision: {desired: {limit: "1.1"}}}}')
    synced(repo)
    run_devices()
    state, reason = wait_until(
        lambda: (found := health_of(repo, "a"))[0] == "Degraded" and found, seconds=60
    )
    assert (state, reason) == ("Degraded", "vision: false: version 1.1.0 is blind")
    wait_until(lambda: health_of(repo, "b") == ("Converged", ""), seconds=60)
    refused = repo.edgeops("model", "promote", "--next")
    assert (refused.code, "version 1.1.0 is blind" in refused.out) == (5, True), refused.out

    repo.edit("fleet/fleet.yaml", 'limit: "1.1"', 'limit: "1.2"')
    synced(repo)
    wait_until(lambda: health_of(repo, "a") == ("Converged", ""), seconds=60)
    promoted = repo.edgeops("model", "promote", "--next")
    assert (promoted.code, "all gets m@1.1.0" in promoted.out) == (0, True), promoted.out
