"""The closed loop: a model decays on devices, is trained again, proposed, and rolled out by rings.

`make demo-loop` shows it: it prints what happens. Devices are real modules over Microsoft's SDKs;
eleven weeks pass in a time that the test moves.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from edgeops.features.series import FloatArray
from tests.support.device_sdk import (  # noqa: F401 - fixtures
    SDK_WARNINGS,
    leaks_end_here,
    the_hub_of_devices,
)
from tests.support.edge_modules import FORECASTER, MODEL_LOADER
from tests.support.moved_devices import MovedDevices
from tests.support.shared_state import share_state

pytestmark = [*SDK_WARNINGS, pytest.mark.slow]

MODEL = "footfall"
PLACES = ("market", "plaza", "station")
START = datetime(2025, 1, 6, tzinfo=UTC)
FIRST = int(START.timestamp()) // 3600
TRAINED = 150  # days, that the first release knows
SHIFT = TRAINED + 28  # the day on which life changes
DAYS = 230

FLEET = f"""\
apiVersion: edgeops/v1
kind: Fleet
metadata: {{name: town}}
spec:
  hubs: {{local: {{}}}}
  defaults: {{edge: {{agent: {{image: "example/agent:1"}}, hub: {{image: "example/hub:1"}}}}}}
{MODEL_LOADER}{FORECASTER}\
  desired: {{model: {MODEL}, intervalSeconds: 21600}}
---
apiVersion: edgeops/v1
kind: Group
metadata: {{name: first, priority: 20}}
spec:
  selector: {{matchLabels: {{ring: first}}}}
  rollout: {{ring: 1, soak: 0m, liveWapeVsNaive: 0.9, minHours: 120}}
---
apiVersion: edgeops/v1
kind: Group
metadata: {{name: rest, priority: 10}}
spec:
  selector: {{}}
  rollout: {{ring: 2, soak: 0m}}
"""
DEVICE = """\
---
apiVersion: edgeops/v1
kind: Device
metadata: {{name: {name}, labels: {{ring: {ring}}}}}
spec: {{edge: true, modules: {{model_loader: {{}}, forecaster: {{}}}}}}
"""
MODEL_FILE = """\
apiVersion: edgeops/v1
kind: Model
metadata: {{name: footfall}}
spec:
  data:
    source: table
    table: {{path: data/footfall.csv, timestamp: timestamp}}
    site: {{timeZone: UTC}}
  target: {{name: footfall, columns: all, combine: pool}}  # one model for any place
  features: default-short
  network: {{kind: sequence-lstm, encoder: 8, decoder: 8, head: 8, quantiles: [0.1, 0.5, 0.9]}}
  training: {{steps: 500, batch: 64, learningRate: 0.006, warmup: 0.05, clipNorm: 1, ema: 0.98}}
  split: {{trainUntil: {train}, validateUntil: {validate}, testUntil: {test}}}
  baselines: [seasonal-naive-168h]
  export: {{formats: [onnx]}}
  gates:
    wape_vs_seasonal_naive: {{max: 1.0}}
    wape_vs_champion: {{max: 0.98}}     # a challenger must win
  retraining: {{decay: 1.3, days: 14}}
"""


def counts(seed: int) -> FloatArray:
    """People an hour. From `SHIFT` on, events come and go: for some days there are many more."""
    random = np.random.default_rng(seed)
    hour = np.arange(24 * DAYS) % 24
    day = np.arange(24 * DAYS) // 24
    of_day = np.exp(-(((hour - 13) / 4.5) ** 2)) + 0.55 * np.exp(-(((hour - 18) / 2) ** 2)) + 0.05
    of_week = np.array([1, 1, 1.02, 1.05, 1.15, 1.3, 0.8])[day % 7]
    by_chance = random.normal(0, 0.06, len(hour)) + random.normal(0, 0.07, DAYS)[day]
    event, at, on = np.zeros(len(hour)), 24 * SHIFT, True
    while at < len(hour):
        until = at + int(random.integers(3 * 24, 7 * 24))
        event[at:until], at, on = on, until, not on
    return np.round(1000 * of_day * of_week * (1 + 0.4 * event) * np.exp(by_chance))


@pytest.fixture
def say(capfd) -> Callable[[str], None]:
    """Print, as `make demo-loop` shows it; a test run shows nothing."""

    def printed(text: str) -> None:
        if os.environ.get("EDGEOPS_DEMO"):
            with capfd.disabled():
                print(text, flush=True)

    return printed


@pytest.fixture
def town(empty_repo, local_mqtt_hub):
    """A fleet of three places in two rings, with a model file and its data."""
    rings = {name: "first" if name == "plaza" else "rest" for name in PLACES}
    devices = "".join(DEVICE.format(name=name, ring=ring) for name, ring in rings.items())
    empty_repo.write("fleet/fleet.yaml", FLEET + devices)
    days = {"train": TRAINED - 15, "validate": TRAINED - 8, "test": TRAINED - 1}
    dates = {name: (START + timedelta(days=day)).date() for name, day in days.items()}
    empty_repo.write("models/footfall/model.yaml", MODEL_FILE.format(**dates))
    share_state(empty_repo.root, local_mqtt_hub.state_dir)
    return empty_repo


@pytest.fixture
def places(town, local_mqtt_hub, tmp_path) -> Iterator[Callable[[], MovedDevices]]:
    started = []

    def start() -> MovedDevices:
        series = {name: counts(seed) for seed, name in enumerate(PLACES)}
        now = FIRST + 24 * TRAINED
        started.append(MovedDevices(local_mqtt_hub, tmp_path / "devices", series, FIRST, now))
        return started[-1]

    yield start
    for each in started:
        each.close()


def test_a_model_that_decays_is_replaced_by_a_better_one(town, places, say, tmp_path):
    def run(*args: str, code: int = 0) -> str:
        say(f"$ edgeops {' '.join(args)}")
        result = town.edgeops(*args)
        assert result.code == code, result.out + result.err
        say(result.out)
        return str(result.out)

    def wape(output: str) -> dict[str, float]:
        return {
            row["release"]: row["score"]["wape"]
            for row in json.loads(output)["releases"]
            if row["ring"] == "first" and row["score"]
        }

    def promoted(release: str, *groups: str) -> None:
        for group in groups:
            run("model", "promote", release, "--to", group)
        town.commit(f"{release} for {', '.join(groups)}")
        run("sync")

    table_of(town.root / "data/footfall.csv", TRAINED)
    for step in ("train", "evaluate", "publish"):
        run("model", step, MODEL)
    town.commit("footfall 1.0.0")
    promoted(f"{MODEL}@1.0.0", "first", "rest")
    devices = places()
    devices.wait_for("1.0.0", PLACES)

    say("# Four weeks of life as the model knows it.")
    devices.live(28)
    good = wape(run("model", "live", MODEL, "-o", "json"))
    run("model", "decayed", "--detailed-exitcode")

    say("# Then events come and go, which the model has never seen.")
    devices.live(24)
    bad = wape(run("model", "live", MODEL, "-o", "json"))
    assert bad[f"{MODEL}@1.0.0"] > 1.3 * good[f"{MODEL}@1.0.0"]
    run("model", "decayed", "--detailed-exitcode", code=2)

    say("# So it is trained again on what was counted since, and the release must win.")
    newer = tmp_path / "newer"
    devices.table(newer / "data/footfall.csv")
    for step in ("train", "evaluate", "publish"):
        run("model", step, MODEL, "--newer-data", str(newer))
    town.commit("footfall 1.1.0")
    promoted(f"{MODEL}@1.1.0", "first")
    devices.wait_for("1.1.0", ["plaza"])
    run("promote")  # not yet: no hour is scored

    say("# The first ring has it for a week.")
    devices.live(8)
    run("model", "live", MODEL)
    run("promote")
    assert f"{MODEL}@1.1.0" in (town.root / "fleet/fleet.yaml").read_text()
    town.commit("footfall 1.1.0 for the rest")
    run("sync")
    devices.wait_for("1.1.0", PLACES)
    devices.live(15)
    recovered = wape(run("model", "live", MODEL, "-o", "json"))
    assert recovered[f"{MODEL}@1.1.0"] < 0.8 * bad[f"{MODEL}@1.0.0"]
    run("model", "decayed", "--detailed-exitcode")
    run("model", "live", MODEL, "--plot", str(tmp_path / "live.png"))


def table_of(path: Path, days: int) -> None:
    """The counts of all places as a table."""
    series = [counts(seed) for seed in range(len(PLACES))]
    rows = ["timestamp," + ",".join(PLACES)]
    for hour in range(24 * days):
        at = (START + timedelta(hours=hour)).isoformat()
        rows.append(f"{at}," + ",".join(f"{values[hour]:.0f}" for values in series))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(rows) + "\n")
