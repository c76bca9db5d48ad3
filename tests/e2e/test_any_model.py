"""Models that edgeops did not train: published as files, used by modules with their own consumers.

The modules and the releases are those of models/visual-inspection and models/vibration-anomaly,
which docs/own-module.md shows.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from shared_state import share_state

from edgeops.localhub.tail import tail
from tests.support.edge_modules import MODEL_LOADER
from tests.support.waiting import wait_until

CHECKOUT = Path(__file__).parents[2]
FLEET = (
    """\
apiVersion: edgeops/v1
kind: Fleet
metadata: {name: plant}
spec:
  hubs: {local: {}}
"""
    + MODEL_LOADER
    + """\
---
apiVersion: edgeops/v1
kind: Module
metadata: {name: inspector}
spec:
  image: example/inspector:1.0.0
  storage: [{source: /srv/models, target: /models}]
  health: {path: /use/state, good: [ok], digest: /use/sha256, slot: inspection}
---
apiVersion: edgeops/v1
kind: Module
metadata: {name: watcher}
spec:
  image: example/watcher:1.0.0
  storage: [{source: /srv/models, target: /models}]
  health: {path: /use/state, good: [ok], digest: /use/sha256, slot: vibration}
---
apiVersion: edgeops/v1
kind: Module
metadata: {name: sensors}
spec:
  image: example/sensors:1.0.0
  routes:
    images: >-
      FROM /messages/modules/sensors/outputs/images
      INTO BrokeredEndpoint("/modules/inspector/inputs/images")
    waves: >-
      FROM /messages/modules/sensors/outputs/waves
      INTO BrokeredEndpoint("/modules/watcher/inputs/waves")
    answers: FROM /messages/modules/inspector/outputs/* INTO $upstream
    scores: FROM /messages/modules/watcher/outputs/* INTO $upstream
---
apiVersion: edgeops/v1
kind: Device
metadata: {name: line-1}
spec:
  edge: true
  modules: {model_loader: {}, inspector: {}, watcher: {}, sensors: {}}
  models: {inspection: visual-inspection@1.0.0, vibration: vibration-anomaly@1.0.0}
"""
)
# Sends a printed seven, and the vibration of a sound bearing and of a damaged one, again and again.
SENSORS = """\
import threading
import numpy as np
from edgeops.modules.runtime import run_module

SEVEN = {seven}
time = np.arange(1024) / 6400
noise = np.random.default_rng(7).normal(0, 0.3, 1024)
sound = np.sin(2 * np.pi * 30 * time) + 0.4 * np.sin(2 * np.pi * 60 * time)
sound += 0.2 * np.sin(2 * np.pi * 90 * time) + noise
since = time % (1 / 107.0)
damaged = sound + 3 * np.exp(-800 * since) * np.sin(2 * np.pi * 2100 * since)


def follow(module, desired):
    def send():
        module.send({{"part": "A-113", "expected": 7, "image": SEVEN}}, "images")
        module.send({{"bearing": "B3", "vibration": sound.tolist()}}, "waves")
        module.send({{"bearing": "B4", "vibration": damaged.tolist()}}, "waves")
        threading.Timer(0.5, send).start()

    threading.Timer(0.5, send).start()


run_module("sensors", follow)
"""


@pytest.fixture
def plant(empty_repo, local_mqtt_hub):
    """A line of a factory whose models are published from their files."""
    empty_repo.write("fleet/fleet.yaml", FLEET)
    share_state(empty_repo.root, local_mqtt_hub.state_dir)
    for name, main, other in (
        ("visual-inspection", "model.onnx", "labels.txt"),
        ("vibration-anomaly", "weights.npz", "settings.json"),
    ):
        files = CHECKOUT / "models" / name / "releases/1.0.0"
        form = () if main.endswith(".onnx") else ("--format", "numpy")
        published(empty_repo, name, "1.0.0", files / main, files / other, *form)
    return empty_repo


def published(repo, name: str, version: str, *files: Path | str, code: int = 0) -> str:
    named = [
        arg
        for file in files
        for arg in (("--file", str(file)) if isinstance(file, Path) else (file,))
    ]
    done = repo.edgeops("model", "publish", name, *named, "--version", version)
    assert done.code == code, done.err
    return done.err


@pytest.fixture
def run_line(plant, tmp_path) -> Iterator[Callable[..., None]]:
    started: list[subprocess.Popen[str]] = []
    datasets = pytest.importorskip("sklearn.datasets")
    digits = datasets.load_digits()
    seven = (digits.images[digits.target == 7][0] / 16).tolist()
    sensors = tmp_path / "sensors.py"
    sensors.write_text(SENSORS.format(seven=seven))
    programs = {
        "inspector": CHECKOUT / "models/visual-inspection/inspector.py",
        "watcher": CHECKOUT / "models/vibration-anomaly/watcher.py",
        "sensors": sensors,
    }

    def run(*options: str) -> None:
        chosen = [arg for name, file in programs.items() for arg in ("--program", f"{name}={file}")]
        quiet = subprocess.DEVNULL
        started.append(
            plant.start("device", "run", "--all", *chosen, *options, stdout=quiet, stderr=quiet)
        )

    yield run
    for process in started:
        process.terminate()
        process.communicate()


def synced(repo) -> None:
    repo.commit()
    done = repo.edgeops("sync")
    assert done.code == 0, done.err


def health(repo) -> tuple[str, str]:
    (row,) = json.loads(repo.edgeops("status", "-o", "json").out)["devices"]
    return row["health"], row["reason"]


def answers(hub, output: str) -> list[Any]:
    return [
        event["body"]
        for event in tail(hub.state_dir, last=100, device="line-1", follow=False)
        if event["source"] == "Telemetry" and event["systemProperties"]["output-name"] == output
    ]


def test_other_peoples_models_and_modules(plant, run_line, local_mqtt_hub):
    synced(plant)
    run_line()
    healthy = plant.edgeops("status", "--wait", "--timeout", "90")
    assert (healthy.code, "1 Converged" in healthy.out) == (0, True), healthy.out + healthy.err
    inspected = wait_until(lambda: answers(local_mqtt_hub, "inspections"), seconds=60)[0]
    assert (inspected["part"], inspected["digit"], inspected["good"]) == ("A-113", "7", True)
    wait_until(lambda: len(answers(local_mqtt_hub, "scores")) > 1, seconds=60)
    alarms = {score["bearing"]: score["alarm"] for score in answers(local_mqtt_hub, "scores")}
    assert alarms == {"B3": False, "B4": True}

    # What the consumer made of a model survives a switch; the other files go with their version.
    slot = plant.root / ".edgeops/devices/line-1"
    (own,) = slot.rglob("inspection/own")
    (own / "engine.cache").write_text("mine")
    files = plant.root / "models/visual-inspection/releases/1.0.0"
    labels = plant.root / "labels.txt"
    labels.write_text("".join(f"digit-{digit}\n" for digit in range(10)))
    published(plant, "visual-inspection", "1.1.0", files / "model.onnx", labels)
    labels.unlink()
    plant.edit("fleet/fleet.yaml", "visual-inspection@1.0.0", "visual-inspection@1.1.0")
    synced(plant)
    wait_until(
        lambda: any(said["digit"] == "digit-7" for said in answers(local_mqtt_hub, "inspections")),
        seconds=60,
    )
    wait_until(lambda: health(plant) == ("Converged", ""), seconds=60)
    assert (own / "engine.cache").read_text() == "mine"


def test_a_signed_release_is_verified_and_a_tampered_one_refused(
    plant, run_line, local_mqtt_hub, tmp_path
):
    key, public = tmp_path / "releases.pem", plant.root / "keys/releases.pub"
    made = plant.edgeops("model", "key", str(key), "--public", str(public))
    assert made.code == 0, made.err
    for reference in ("visual-inspection@1.0.0", "vibration-anomaly@1.0.0"):
        signed = plant.edgeops("model", "sign", reference, "--key", str(key))
        assert signed.code == 0, signed.err
    plant.edit(
        "fleet/fleet.yaml",
        "hubs: {local: {}}",
        "hubs: {local: {}}\n  trust: {releases: [keys/releases.pub]}",
    )
    synced(plant)
    run_line("--trust", str(public))
    healthy = plant.edgeops("status", "--wait", "--timeout", "90")
    assert healthy.code == 0, healthy.out + healthy.err

    # Without a signature it is not even published.
    files = plant.root / "models/visual-inspection/releases/1.0.0"
    refused = published(plant, "visual-inspection", "2.0.0", files / "model.onnx", code=5)
    assert "a release must be signed" in refused

    # Who can write to the repository makes a release of the old signature, and takes the trust out.
    good = files.with_name("1.0.0.yaml")
    text = good.read_text().replace("version: 1.0.0", "version: 1.0.1")
    good.with_name("1.0.1.yaml").write_text(text)
    plant.edit("fleet/fleet.yaml", "visual-inspection@1.0.0", "visual-inspection@1.0.1")
    invalid = plant.edgeops("validate")
    assert (invalid.code, "1.0.1" in invalid.out) == (3, True), invalid.out
    plant.edit("fleet/fleet.yaml", "\n  trust: {releases: [keys/releases.pub]}", "")
    synced(plant)

    # The device knows better, says so, and keeps what it has.
    state, reason = wait_until(
        lambda: (found := health(plant))[0] == "Degraded" and found, seconds=60
    )
    assert "WrongSignature" in reason, (state, reason)
    before = len(answers(local_mqtt_hub, "inspections"))
    wait_until(lambda: len(answers(local_mqtt_hub, "inspections")) > before, seconds=60)

    # Going back is a plain revert.
    plant.edit("fleet/fleet.yaml", "visual-inspection@1.0.1", "visual-inspection@1.0.0")
    synced(plant)
    wait_until(lambda: health(plant) == ("Converged", ""), seconds=60)
