"""Any small table and any small model: refused with a reason, or forecast by devices as judged.

The models forecast their seasonal base, which needs no training; `SEEDS=200` in the environment
tries more of them.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from edgeops.api.device_check import device_check
from edgeops.errors import EdgeOpsError
from edgeops.features.explain import default_features
from edgeops.features.spec import THIS_SERIES
from edgeops.quality.judging import Judging
from edgeops.training.evaluate.gates import LIMIT
from edgeops.training.fits_device import check_fits_device
from edgeops.training.judged_by import to_properties
from edgeops.training.model_file import ModelFile
from edgeops.training.onnx_run import OnnxModel
from edgeops.training.replay import as_issued
from edgeops.training.samples import Experiment, experiment
from edgeops.training.train import check_model

SEEDS = range(int(os.environ.get("SEEDS", "12")))
ZONES = (
    "Pacific/Auckland",
    "Europe/Berlin",
    "Asia/Kolkata",
    "America/St_Johns",
    "Australia/Adelaide",
    "UTC",
)
CHANGES = {  # a change of the clock of each
    "Pacific/Auckland": "2024-04-07",
    "Europe/Berlin": "2024-10-27",
    "America/St_Johns": "2024-03-10",
    "Australia/Adelaide": "2024-10-06",
}
NAMES = ("gate", "Tor Süd, links", 'the "old" one', "timestamp 2", "3", "a;b", "=1+1")
DAYS = 70


@dataclass(frozen=True)
class Case:
    """A model file, with the files that it names."""

    model: ModelFile
    quantiles: tuple[float, ...]
    judging: Judging


def case(seed: int, root: Path) -> Case:
    """A random table and a model of it, around a change of the clock."""
    pick = np.random.default_rng(seed)

    def one(*of: Any) -> Any:
        return of[int(pick.integers(len(of)))]

    zone = ZONES[seed % len(ZONES)]
    minutes = one(5, 7, 10, 15, 20, 30, 60, 60)
    end = datetime.fromisoformat(CHANGES.get(zone, "2024-07-01")) + timedelta(
        days=int(pick.integers(2, 15))
    )
    names = [str(name) for name in pick.permutation(NAMES)[: int(pick.integers(1, 5))]]
    if seed % 13 == 12:
        names.append("\u200dx")
    kind = one("counts", "share", "power", "degrees")
    combine = "sum" if kind == "counts" else one("mean", "last")
    has_events, has_weather = pick.random(2) < 0.35
    (root / "rows.csv").write_text(table(pick, zone, minutes, end, names, kind), "utf-8")
    data: dict[str, Any] = {
        "source": "table",
        "table": {"path": "rows.csv", "combine": combine},
        "site": {"timeZone": zone, "latitude": 48.1, "longitude": 11.5, "country": "DE"},
    }
    features = ["log_base"]
    if has_events:
        starts = [end - timedelta(days=float(days)) for days in (0.9, 1.4, 2.6, 5.2, 30.5, 60)]
        lines = [
            f"fair,{at:%Y-%m-%dT%H:%M},{at + timedelta(hours=5):%Y-%m-%dT%H:%M},{index % 3 + 1}"
            for index, at in enumerate(starts)
        ]
        (root / "events.csv").write_text("\n".join(["name,start,end,value", *lines]) + "\n")
        data["events"] = "events.csv"
        features += ["event:fair", "known:event:fair"]
    if has_weather:
        rain = table(pick, zone, one(15, 60), end + timedelta(days=2), ["rain"], "degrees")
        (root / "rain.csv").write_text(rain)
        data["weather"] = {"path": "rain.csv"}
        features += ["weather:rain", "known:weather:rain"]
    site = experiment_site(data)
    others = [name for name in default_features(site) if name not in features]
    features += [str(name) for name in pick.permutation(others)[: int(pick.integers(0, 25))]]
    interval = one(1, 1, 1, 2, 3, 6, 24)
    steps = int(pick.integers(1, min(30, 168 // interval) + 1))
    pooled = bool(pick.random() < 0.3)
    if not pooled and len(names) > 1 and pick.random() < 0.4:
        features.append(f"neighbour:{names.pop()}")
    spec = {
        "data": data,
        "target": {
            "name": "total",
            "columns": names,
            "combine": "pool" if pooled else "sum",
            **({"unit": "kW"} if kind == "power" else {}),
        },
        "features": features,
        "transforms": {
            "intervalHours": interval,
            "seasonalAdjustment": {
                "kind": one("median", "mean", "decomposition", "stl"),
                "weeks": one(1, 2, 3, 30) if seed % 5 == 4 else one(1, 2),
            },
            "levelHours": one(168, 336),
            **({"smoothing": {"kind": "exponential", "steps": 2}} if pick.random() < 0.2 else {}),
        },
        "window": {"steps": steps},
        "horizons": {"steps": int(pick.integers(1, steps + 1))},
        "network": {"kind": "sequence-lstm", "encoder": 2, "decoder": 2, "head": 2},
        "training": {"epochs": 1, "batch": 32, "learningRate": 0.01},
        "split": {
            "trainUntil": f"{end - timedelta(days=20):%Y-%m-%d}",
            "validateUntil": f"{end - timedelta(days=14):%Y-%m-%d}",
            "testUntil": f"{end - timedelta(days=2):%Y-%m-%d}",
        },
    }
    quantiles = one((0.5,), (0.1, 0.5, 0.9), (0.05, 0.25, 0.5, 0.9))
    return Case(ModelFile("m", root, spec, ""), quantiles, judging(seed, quantiles))


def judging(seed: int, quantiles: tuple[float, ...]) -> Judging:
    """Whether an interval has margins by hour of the day, and follows the last days."""
    pick = np.random.default_rng([seed, 1])
    if len(quantiles) == 1 or seed % 3 == 2:
        return Judging()
    margins = tuple(pick.normal(0.1, 0.3, 24).tolist()) if pick.random() < 0.7 else ()
    return Judging(0.8, margins, int(pick.choice([0, 2, 4, 60])))


def experiment_site(data: dict[str, Any]) -> Any:
    """The site of a data section."""
    from edgeops.features.spec import Site

    site = data["site"]
    return Site(site["timeZone"], site["latitude"], site["longitude"], site["country"])


def table(
    pick: np.random.Generator, zone: str, minutes: int, end: datetime, names: list[str], kind: str
) -> str:
    """Rows with the time on the clock or with an offset, with gaps, and silent for a while."""
    where = ZoneInfo(zone)
    step = timedelta(minutes=minutes)
    late = timedelta(seconds=int(pick.integers(0, minutes * 60))) * int(pick.integers(2))
    last = end.replace(tzinfo=where).astimezone(UTC)
    moments = np.arange(0, timedelta(days=DAYS) / step)
    at = [last - timedelta(days=DAYS) + step * moment + late for moment in moments.tolist()]
    hours = moments * minutes / 60
    wave = 3 + np.sin(hours / 24 * 2 * np.pi) + 0.5 * np.sin(hours / 168 * 2 * np.pi)
    values = wave[:, None] * pick.uniform(1, 9, len(names)) * pick.gamma(20, 0.05, (len(at), 1))
    if kind == "counts":
        values = np.floor(values * 5)
    elif kind == "share":
        values = values / values.max()
    elif kind == "degrees":
        values = values - 12
    lost = float(pick.choice([0, 0.002, 0.02]))
    values[pick.random(values.shape) < lost] = np.nan
    silent = int(pick.integers(len(at)))
    values[silent : silent + 5 * 60 // minutes] = np.nan
    kept = pick.random(len(at)) >= lost / 4
    wall = bool(pick.integers(2))
    if minutes < 60 and pick.random() < 0.3:  # once, the rows were an hour apart
        kept &= (np.arange(len(at)) > len(at) // 3) | (moments % (60 // minutes) == 0)
    if wall and pick.random() < 0.3:  # of the hour that comes twice, the table has one
        kept &= ~np.array([moment.astimezone(where).fold == 1 for moment in at])
    if pick.random() < 0.2:
        at = [moment + timedelta(seconds=int(pick.integers(-15, 16))) for moment in at]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["timestamp", *names])
    for moment, row, keep in zip(at, values.tolist(), kept.tolist(), strict=True):
        shown = moment.astimezone(where)
        stamp = shown.replace(tzinfo=None) if wall else shown
        if keep:
            cells = ("" if value != value else f"{value:.6g}" for value in row)
            writer.writerow([stamp.isoformat(), *cells])
    return text.getvalue()


def judged(of: Experiment, model: Path, quantiles: tuple[float, ...], judging: Judging) -> Any:
    """What an evaluation forecasts with a model file."""
    onnx, parts = OnnxModel(model), {}
    for part in ("test", "later"):
        made = [
            as_issued(
                onnx.forecasts(of.samples(series, part), quantiles),
                judging,
                of.builder(series).spec,
                of.dataset.series,
            )
            for series in of.series
            if len(of.rows(series, part))
        ]
        if made:
            parts[part] = {"model": made}
    return parts


def outcome(seed: int, root: Path, make: Callable[..., bytes]) -> str:
    """Why a case is refused before it is published; or that devices forecast as judged."""
    of_case = case(seed, root)
    model = root / "model.onnx"
    try:
        check_model(of_case.model)
        of = experiment(of_case.model, with_rows=True)
        check_fits_device(of)
        for series in of.series:
            of.check_part(series, "test")
        spec = of.builder(of.series[0]).spec
        if of.model.recipe.target.is_pooled:
            spec = replace(spec, columns=(THIS_SERIES,))
        says = to_properties(of_case.judging)
        model.write_bytes(make(spec, of_case.quantiles, **says))
        forecasts = judged(of, model, of_case.quantiles, of_case.judging)
    except EdgeOpsError as refused:
        return f"refused: {refused.message}"
    device = device_check(of, model, forecasts, lambda _done, _total: None)
    assert device.difference is not None, device.reason
    assert device.difference <= LIMIT, device.reason
    return f"{device.forecasts} forecasts"


@pytest.mark.parametrize("seed", SEEDS)
def test_it_is_refused_or_forecast_as_judged(seed, tmp_path, seasonal_model):
    print(outcome(seed, tmp_path, seasonal_model))
