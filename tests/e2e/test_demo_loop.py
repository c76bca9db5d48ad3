"""The closed loop: a model decays on devices, is trained again, proposed, and rolled out by rings.

`make demo-loop` shows it: it prints what happens, and draws it. Devices are real modules over
Microsoft's SDKs; ten weeks pass in a time that the test moves.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from edgeops.api import Workspace, live_quality
from edgeops.api.live import LiveModels
from edgeops.features.series import FloatArray
from edgeops.health.quality import DailySums
from edgeops.report import live_text as text_of_live
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
SHIFT = TRAINED + 16  # the day on which life changes
DAYS = 230
PICTURE = os.environ.get("EDGEOPS_DEMO_PICTURE")  # set by `make demo-loop`: the file to draw

FLEET = f"""\
apiVersion: edgeops/v1
kind: Fleet
metadata: {{name: town}}
spec:
  hubs: {{local: {{}}}}
{MODEL_LOADER}{FORECASTER}\
  desired: {{model: {MODEL}, intervalSeconds: 28800}}
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
spec: {{modules: {{model_loader: {{}}, forecaster: {{}}}}}}
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
  transforms: {{seasonalAdjustment: {{kind: median, weeks: 1}}, levelHours: 168}}
  features: [log_base, dev, dev_ma6, dev_ma24, dev_fade2, hour_sin1, hour_cos1, step_day]
  network: {{kind: sequence-lstm, encoder: 8, decoder: 8, head: 8, quantiles: [0.1, 0.5, 0.9]}}
  training: {{steps: 400, batch: 64, learningRate: 0.006, warmup: 0.05, clipNorm: 1, ema: 0.98}}
  split: {{trainUntil: {train}, validateUntil: {validate}, testUntil: {test}}}
  baselines: [seasonal-naive-168h]
  export: {{formats: [onnx]}}
  gates:
    wape_vs_seasonal_naive: {{max: 1.0}}
    wape_vs_champion: {{max: 0.98}}     # a challenger must win
  retraining: {{decay: 1.3, days: 14}}
"""


def counts(seed: int) -> FloatArray:
    """People an hour. From `SHIFT` on there are 16 % more every week: a quarter is being built."""
    random = np.random.default_rng(seed)
    hour = np.arange(24 * DAYS) % 24
    day = np.arange(24 * DAYS) // 24
    of_day = np.exp(-(((hour - 13) / 4.5) ** 2)) + 0.55 * np.exp(-(((hour - 18) / 2) ** 2)) + 0.05
    of_week = np.array([1, 1, 1.02, 1.05, 1.15, 1.3, 0.8])[day % 7]
    growth = 1.16 ** (np.maximum(np.arange(24 * DAYS) - 24 * SHIFT, 0) / (24 * 7))
    by_chance = random.normal(0, 0.06, len(hour)) + random.normal(0, 0.05, DAYS)[day]
    return np.round(1000 * of_day * of_week * growth * np.exp(by_chance))


@dataclass(frozen=True)
class Story(LiveModels):
    """The live quality of all weeks, of which a report has four."""

    every_day: Mapping[str, DailySums] = field(default_factory=dict)

    def days(self) -> dict[str, DailySums]:
        return dict(self.every_day)


def told(reports: Sequence[LiveModels]) -> Story:
    """All that was reported, the newer report of a day in place of an older one."""
    every: dict[str, dict[date, tuple[float, float]]] = {}
    for report in reports:
        for release, sums in report.days().items():
            first = sums.until - timedelta(days=len(sums.error))
            for at, pair in enumerate(zip(sums.error, sums.value, strict=True)):
                every.setdefault(release, {})[first + timedelta(days=at)] = pair
    merged = {}
    for release, days in every.items():
        errors, values = zip(*(days[day] for day in sorted(days)), strict=True)
        merged[release] = DailySums(max(days) + timedelta(days=1), errors, values)
    last = reports[-1]
    return Story(last.fleet, last.hub, last.commit, last.releases, merged)


@pytest.fixture
def say(capfd) -> Callable[[str], None]:
    """Print, as `make demo-loop` shows it; a test run shows nothing."""

    def printed(text: str) -> None:
        if PICTURE:
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

    reports: list[LiveModels] = []

    def live_wape(release: str) -> float:
        """The WAPE of a release in the first ring, as `model live` shows it."""
        run("model", "live", MODEL)
        reports.append(live_quality(Workspace.find(town.root), MODEL))
        scores = {row.release: row.score for row in reports[-1].releases if row.ring == "first"}
        score = scores[f"{MODEL}@{release}"]
        assert score is not None
        return score.wape

    def promoted(release: str, *groups: str) -> None:
        for group in groups:
            run("model", "promote", release, "--to", group, "--slot", MODEL)
        town.commit(f"{release} for {', '.join(groups)}")
        run("sync")

    table_of(town.root / "data/footfall.csv", TRAINED)
    for step in ("train", "evaluate", "publish"):
        run("model", step, MODEL)
    town.commit("footfall 1.0.0")
    promoted(f"{MODEL}@1.0.0", "first", "rest")
    devices = places()
    devices.wait_for("1.0.0", PLACES)

    say("# Two weeks of life as the model knows it.")
    devices.live(16)
    good = live_wape("1.0.0")
    run("model", "decayed", "--detailed-exitcode")

    say("# Then there are more people every week, which the model has never seen.")
    devices.live(28)
    bad = live_wape("1.0.0")
    assert bad > 1.3 * good
    run("model", "decayed", "--detailed-exitcode", code=2)

    say("# So it is trained again on what was counted since, and the release must win.")
    newer = tmp_path / "newer"
    devices.table(newer / "data/footfall.csv", days=63)
    for step in ("train", "evaluate", "publish"):
        run("model", step, MODEL, "--newer-data", str(newer))
    town.commit("footfall 1.1.0")
    promoted(f"{MODEL}@1.1.0", "first")
    devices.wait_for("1.1.0", ["plaza"])
    run("promote", code=5)  # not yet: no hour is scored

    say("# The first ring has it for a week.")
    devices.live(8)
    assert live_wape("1.1.0") < 0.8 * bad
    run("promote")
    assert f"{MODEL}@1.1.0" in (town.root / "fleet/fleet.yaml").read_text()
    town.commit("footfall 1.1.0 for the rest")
    run("sync")
    devices.wait_for("1.1.0", PLACES)
    devices.live(15)
    assert live_wape("1.1.0") < 0.8 * bad
    run("model", "decayed", "--detailed-exitcode")
    picture = text_of_live.plot(told(reports))
    assert picture.startswith(b"\x89PNG")
    if PICTURE:
        Path(PICTURE).write_bytes(picture)
        say(f"# Its live quality, day by day: {PICTURE}")


def table_of(path: Path, days: int) -> None:
    """The counts of all places as a table."""
    series = [counts(seed) for seed in range(len(PLACES))]
    rows = ["timestamp," + ",".join(PLACES)]
    for hour in range(24 * days):
        at = (START + timedelta(hours=hour)).isoformat()
        rows.append(f"{at}," + ",".join(f"{values[hour]:.0f}" for values in series))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(rows) + "\n")
