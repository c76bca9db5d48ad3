"""Live quality as a table, Markdown, JSON and a plot."""

import io
import json
from dataclasses import replace
from datetime import date

import pytest

from edgeops.api import LiveModels
from edgeops.api.live import DeviceScore, LiveRelease
from edgeops.health.quality import DailySums, LiveModel, LiveScore
from edgeops.report.live_text import as_json, markdown, plot, text


def model(wape, hours=300, coverage=0.8):
    days = DailySums(date(2026, 11, 29), (wape * 100,) * 20, (100.0,) * 20)
    return LiveModel("a" * 64, last28=LiveScore(hours, wape, -0.005, 0.11, coverage), days=days)


def score(device, found, **more):
    return DeviceScore(device, "crowds", "canary", "m@1.1.0", 48, model=found, **more)


NEW = LiveRelease(
    "m@1.1.0",
    "crowds",
    "canary",
    (score("d1", model(0.07)), score("d2", model(0.08)), score("d3", model(0.5, hours=3))),
    0.0724,
)
OLD = replace(NEW, release="m@1.0.0", ring="", devices=(score("d9", None),), published=None)
LIVE = LiveModels("tiny", "production", "c" * 40, (NEW, OLD))
NOTHING = LiveModels("tiny", "production", None, (OLD,))


def test_a_row_for_each_release_of_devices_with_enough_hours():
    assert text(LIVE).splitlines() == [
        "RELEASE  SLOT    RING    DEVICES  SCORED   WAPE   NAIVE  RATIO    BIAS  COVERAGE"
        "  PUBLISHED  WORST DEVICE",
        "m@1.1.0  crowds  canary        3       2  7.50%  11.00%   0.68  -0.50%     80.0%"
        "      7.24%  d2 8.00%",
        "m@1.0.0  crowds  –             1       0      –       –      –       –         –"
        "          –  –",
        "",
        "2 devices on hub production with enough scored hours, of the last 28 days",
    ]
    assert markdown(LIVE).splitlines()[2] == (
        "| `m@1.1.0` | crowds | canary | 3 | 2 | 7.50% | 11.00% | 0.68 | -0.50% | 80.0% | 7.24%"
        " | d2 8.00% |"
    )


def test_nothing_reported_says_what_must_be_so():
    why = replace(
        NOTHING, releases=(replace(OLD, devices=(score("d9", None, reason="a\x1b[2J"),)),)
    )
    shown = text(why)
    assert "No device on hub production reports the quality of a model yet." in shown
    assert "a week of values" in shown
    assert "d9   a" in shown
    assert "\x1b" not in shown
    assert "yet" in markdown(NOTHING)
    assert text(LiveModels("tiny", "production", None, ())).startswith("No device")


def test_json_has_releases_and_their_devices():
    first, second = json.loads(as_json(LIVE))["releases"]
    assert first["score"]["wape"] == pytest.approx(0.075)
    assert (first["ring"], second["ring"], second["score"]) == ("canary", None, None)
    assert [device["hours"] for device in first["devices"]] == [300, 300, 3]
    assert first["devices"][0]["days"]["until"] == "2026-11-29"
    assert second["devices"][0]["sha256"] is None


def test_days_of_all_devices_are_one_line():
    days = LIVE.days()["m@1.1.0"]
    assert (days.error[0], days.value[0]) == (pytest.approx(65), 300)
    assert LIVE.published() == {"m@1.1.0": 0.0724}
    image = pytest.importorskip("PIL.Image").open(io.BytesIO(plot(LIVE)))
    assert image.size == (1000, 560)
