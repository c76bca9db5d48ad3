"""Scores and margins on the clock of the site: when it changes, at half hours, in longer steps.

The model forecasts what was a week ago on the wall, and that is what happens: every error would
be one of the clock.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from edgeops.features.spec import THIS_SERIES, Base, Hour, Site, WindowSpec
from edgeops.modules.forecaster.live import offset_of
from edgeops.modules.forecaster.observations import HOUR, Observation
from edgeops.quality.judging import Judging, to_json
from edgeops.quality.kept import KeptForecasts

USUAL = np.random.default_rng(3).integers(50, 500, 7 * 24)
HALF = {"Asia/Kolkata": 1800, "Australia/Adelaide": 1800}
OFFSET = offset_of("d1")


def spec_of(zone: str, **changes: Any) -> WindowSpec:
    base = {
        "features": ("log_base", "log_y"),
        "columns": (THIS_SERIES,),
        "site": Site(zone),
        "horizon": 6,
        "base": Base("median", 1),
        "level_hours": 168,
        "hour": Hour("mean"),
    }
    return WindowSpec(**(base | changes))


def as_usual(zone: str, first: str, days: int) -> list[tuple[int, float]]:
    """When each hour of the zone begins, and its value: by the hour of the week on the wall."""
    start = int(datetime.fromisoformat(first).replace(tzinfo=UTC).timestamp()) + HALF.get(zone, 0)
    result = []
    for moment in range(start, start + days * 86400, HOUR):
        wall = datetime.fromtimestamp(moment, ZoneInfo(zone))
        result.append((moment, float(USUAL[24 * wall.weekday() + wall.hour])))
    return result


def live(device, rows: list[tuple[int, float]], known: int, every: int = 1) -> None:
    """Let it know the first days, then live through the others, a turn each so many hours."""
    observations = [Observation(moment, "gate", value) for moment, value in rows]
    device.recorder.history.add(observations[: known * 24])
    for at, made in enumerate(observations[known * 24 :]):
        device.recorder.history.add([made])
        if at % every == 0:
            device.turn(made.at + HOUR + 30)


@pytest.mark.parametrize(
    ("zone", "first", "changes"),
    [
        ("Pacific/Auckland", "2026-03-20", {}),  # back on April 5
        ("Pacific/Auckland", "2026-09-11", {}),  # forward on September 27
        ("America/New_York", "2026-10-16", {}),  # back on November 1, west of Greenwich
        ("Asia/Kolkata", "2026-01-01", {}),
        ("Australia/Adelaide", "2026-03-20", {}),  # both
        ("Pacific/Auckland", "2026-03-20", {"interval": 3, "steps": 8, "horizon": 3}),
    ],
)
def test_what_is_as_a_week_ago_on_the_wall_has_no_error(
    device, storage, seasonal_model, zone, first, changes
):
    spec = spec_of(zone, **changes)
    storage.put(seasonal_model(spec))
    live(device, as_usual(zone, first, 19), known=15)
    (said,) = device.quality["models"]
    assert said["last28"]["wape"] < 1e-3
    assert abs(said["last28"]["naiveWape"]) < 1e-3
    assert said["last28"]["hours"] >= 3 * 24 // spec.interval - 10
    until = datetime.fromisoformat(device.quality["until"])
    report = (device.now - OFFSET) // 86400 * 86400 + OFFSET
    assert 0 <= report - until.timestamp() < HOUR
    assert until.minute == HALF.get(zone, 0) // 60


def test_a_week_ahead(device, storage, seasonal_model):
    spec = spec_of("UTC", horizon=168, steps=168)
    storage.put(seasonal_model(spec))
    live(device, as_usual("UTC", "2026-01-01", 26), known=16, every=12)
    (said,) = device.quality["models"]
    assert set(said["bands"]) == {"1", "2-6", "7-24", "25-"}
    assert said["bands"]["25-"]["wape"] < 1e-3


def test_a_model_that_is_judged_by_some_hours_and_origins(device, storage, seasonal_model):
    judging = json.dumps(to_json(Judging(hours=(7, 8), origins=(5, 6))))
    storage.put(seasonal_model(spec_of("Pacific/Auckland"), judging=judging))
    live(device, as_usual("Pacific/Auckland", "2026-03-20", 19), known=15)
    assert len(device.live._ledger.memory) == 2 * 4  # of two origins a day
    (said,) = device.quality["models"]
    assert said["parts"].keys() == {"morning"}
    assert said["last7"]["hours"] == 2 * 3 or said["last7"]["hours"] == 2 * 4


def test_margins_are_of_the_wall_clock_day_of_the_first_step(device, storage, seasonal_model):
    """Twice what is forecast happens each day at 7:00, on both sides of a change of the clock."""
    zone = "Pacific/Auckland"
    judging = json.dumps(to_json(Judging(0.8, (0.0,) * 24, 28)))
    storage.put(seasonal_model(spec_of(zone), judging=judging))
    rows = [
        (moment, value * (2 if seven(moment, zone) and at >= 14 * 24 else 1))
        for at, (moment, value) in enumerate(as_usual(zone, "2026-03-01", 51))
    ]
    device.recorder.history.add(Observation(moment, "gate", value) for moment, value in rows[:-24])
    device.turn(rows[-25][0] + HOUR + 30)
    device.live.remember(device.live._state.used.key, made_before(device, zone))
    forecast = None
    for moment, value in rows[-24:]:
        device.recorder.history.add([Observation(moment, "gate", value)])
        forecast = device.turn(moment + HOUR + 30)
        if seven(datetime.fromisoformat(forecast["starts"][0]).timestamp(), zone):
            break
    assert forecast is not None
    assert forecast["interval"]["from"] == "device"
    spread = np.array(forecast["quantiles"]["0.9"]) / forecast["quantiles"]["0.5"]
    assert spread[0] == pytest.approx(2, abs=0.05)
    assert spread[1:] == pytest.approx(1, abs=0.05)


def seven(moment: float, zone: str) -> bool:
    return datetime.fromtimestamp(moment, ZoneInfo(zone)).hour == 7


def made_before(device, zone: str) -> KeptForecasts:
    """Forecasts of the usual from each hour of the last 40 days."""
    now = datetime.fromtimestamp(device.now, ZoneInfo(zone)).replace(tzinfo=None)
    origins = np.datetime64(now, "h") - np.arange(24 * 40, 1, -1).astype("timedelta64[h]")
    kept = KeptForecasts(origins, np.zeros((len(origins), 6, 3)), np.zeros((len(origins), 6)))
    hours = kept.targets.astype(np.int64)
    week = (hours // 24 + 3) % 7 * 24 + hours % 24
    kept.values[:] = USUAL[week][:, :, None]
    return kept
