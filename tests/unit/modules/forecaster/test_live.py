"""A device that scores its own forecasts against what arrives."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from edgeops.modules.forecaster.live import offset_of
from edgeops.modules.forecaster.observations import HOUR
from edgeops.modules.forecaster.shadow import SHADOW_SECONDS
from edgeops.modules.forecaster.status import iso
from edgeops.quality.judging import Judging, to_json

SCHEMA = Path(__file__).parents[4] / "schemas/modules/forecaster.reported.schema.json"
FIRST = 490_896  # the first hour of 2026-01-01 in UTC
DAY = 24
WEEK = 7 * DAY  # is known before the first forecast: the naive one needs it
OFFSET = offset_of("d1")
NEXT = FIRST + WEEK + 4 * DAY  # the hour after those of a device that has switched


@pytest.fixture
def put(storage, model):
    """Puts a model of one series with an interval into the slot; it forecasts factor x mean."""

    def go(factor: float = 1.0, version: str = "1.0.0", **changes):
        values = {"inputs": ("east",), "quantiles": (0.1, 0.5, 0.9)} | changes
        return storage.put(model(factor=factor, **values), version)

    return go


def counts(hours: int, seed: int = 1) -> list[float]:
    return np.random.default_rng(seed).integers(50, 150, hours).astype(float).tolist()


def lived(device, days: int) -> list[float]:
    """Let it know a week, then live through days; gives all values."""
    values = counts(WEEK + days * DAY)
    device.observe(FIRST, *values[:WEEK])
    device.live_through(FIRST + WEEK, values[WEEK:])
    return values


def by_hand(values: list[float], until: int) -> dict[str, float]:
    """The figures of forecasts 1 and 2 hours ahead, each the mean of the last three hours."""
    pairs = [
        (np.mean(values[hour - ahead - 2 : hour - ahead + 1]), values[hour], values[hour - WEEK])
        for hour in range(WEEK, until)
        for ahead in (1, 2)
        if hour - ahead >= WEEK
    ]
    forecast, truth, naive = np.array(pairs).T
    figures = {
        "wape": np.abs(forecast - truth).sum() / truth.sum(),
        "bias": (forecast - truth).sum() / truth.sum(),
        "naiveWape": np.abs(naive - truth).sum() / truth.sum(),
    }
    return {name: pytest.approx(value, rel=1e-3) for name, value in figures.items()}


def over_at_report(now: float) -> int:
    """How many hours since the first were over at the last report."""
    return int(((now - OFFSET) // 86400 * 86400 + OFFSET) // HOUR) - FIRST


def test_the_scores_are_those_that_one_computes_by_hand(device, put):
    current = put()
    values = lived(device, 4)
    until = over_at_report(device.now)
    (said,) = device.quality["models"]
    assert (said["sha256"], said["name"], said["version"]) == (current.sha256, "mean", "1.0.0")
    expected = by_hand(values, until)
    assert {key: said["last7"][key] for key in expected} == expected
    assert said["last7"] == said["last28"]
    assert said["last7"]["coverage"] < 0.02  # low and high are the median
    assert said["last7"]["hours"] == until - WEEK - 1
    assert set(said["parts"]) == {"night", "morning", "daytime", "evening"}
    assert sum(part["hours"] for part in said["parts"].values()) == said["last28"]["hours"]
    assert set(said["bands"]) == {"1", "2-6"}
    assert device.quality["until"] == iso((FIRST + until) * HOUR)
    assert said["days"]["until"] == device.quality["until"][:10]
    whole = sum(said["days"]["value"])
    days = values[WEEK + 1 : until // DAY * DAY]
    assert whole == pytest.approx(2 * sum(days) - values[WEEK + 1], rel=1e-3)


def test_what_is_reported_follows_its_schema(device, put):
    put()
    lived(device, 3)
    put(2.0, "2.0.0")
    device.live_through(FIRST + WEEK + 3 * DAY, counts(2 * DAY))
    document = {**device.forecaster.reported(), "forecaster": {"version": "1"}}
    assert len(document["quality"]["models"]) == 2
    jsonschema.validate(document, json.loads(SCHEMA.read_bytes()))


def test_it_is_reported_once_a_day_at_a_time_of_the_device(device, put):
    put()
    device.observe(FIRST, *counts(WEEK))
    said = []
    for hour, value in enumerate(counts(4 * DAY), start=FIRST + WEEK):
        device.observe(hour, value)
        device.turn((hour + 1) * HOUR + 30)
        if device.quality not in said:
            said.append(device.quality)
            at = ((hour + 1) * HOUR + 30 - OFFSET) % 86400
            assert at < HOUR or not device.quality
    assert said[0] == {}
    assert 4 <= len(said) <= 5
    assert offset_of("d1") != offset_of("d2")


def test_a_restart_reports_the_same(device, put):
    put()
    lived(device, 3)
    before = device.quality
    device.start()
    assert device.forecaster.reported().get("quality") == before  # before any model is loaded
    device.turn(device.now + 60)
    assert device.quality == before


def test_the_figures_do_not_need_the_report_that_was_kept(device, put):
    put()
    lived(device, 3)
    before = device.quality
    (device.storage.root / "history/quality.json").unlink()
    device.start()
    device.turn(device.now + HOUR)
    assert device.quality == before


def test_corrections_and_late_values_count_the_next_day(device, put):
    put()
    lived(device, 3)
    before = device.quality
    device.observe(FIRST + WEEK + DAY, 5000)
    device.turn(device.now + 60)
    assert device.quality == before
    device.live_through(FIRST + WEEK + 3 * DAY, counts(DAY, 2))
    assert device.quality["models"][0]["last7"]["wape"] > before["models"][0]["last7"]["wape"] + 0.1


def test_only_the_last_forecast_from_an_origin_counts(device, put):
    put()
    device.live_through(FIRST, [10.0] * 4)
    device.observe(FIRST + 3, 100.0)  # a correction
    device.turn(device.now + HOUR)
    key = device.live._state.used.key
    kept = device.live._ledger.memory.kept(key, 1)
    assert len(kept) == 2
    assert kept.values[-1, 0].tolist() == [40, 40, 40]


def test_another_series_starts_anew(device, put, storage):
    put(inputs=("east",))
    lived(device, 3)
    assert device.quality
    put(version="2.0.0", inputs=("west",))
    device.live_through(FIRST + WEEK + 3 * DAY, counts(2 * DAY), "west")
    assert device.quality == {}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"inputs": ("east", "west")},
            "the model has several inputs, and does not say which it forecasts",
        ),
        ({"quantiles": (0.1, 0.9)}, "the model has no median"),
    ],
)
def test_what_cannot_be_scored_says_why(device, put, changes, reason):
    put(**changes)
    for name in ("east", "west"):
        for hour in range(FIRST, FIRST + 3):
            device.observe(hour, 4, name=name)
    device.turn((FIRST + 3) * HOUR)
    assert device.quality == {"reason": reason}


def test_a_model_without_an_interval_has_no_coverage(device, put):
    put(quantiles=(0.5,))
    lived(device, 3)
    assert "coverage" not in device.quality["models"][0]["last7"]


class TestTheModelBefore:
    """It goes on forecasting in the shadow, so that both are compared on the same hours."""

    @pytest.fixture
    def switched(self, device, put):
        """A device whose better model came after two days, two days ago."""
        first = put(1.5)
        lived(device, 2)
        second = put(1.0, "2.0.0")
        device.live_through(NEXT - 2 * DAY, counts(2 * DAY, 2))
        return device, first, second

    def test_both_are_compared_on_the_same_hours(self, switched):
        device, first, second = switched
        said = device.quality
        assert [model["sha256"] for model in said["models"]] == [second.sha256, first.sha256]
        before = said["before"]
        assert before["sha256"] == first.sha256
        assert DAY < before["hours"] <= 2 * DAY
        assert before["beforeWape"] > before["wape"] + 0.2
        assert before["difference"] == pytest.approx(
            before["wape"] - before["beforeWape"], abs=1e-3
        )
        assert before.keys() & {"low", "high"} == set()

    def test_also_after_a_restart(self, switched):
        device, *_ = switched
        hours = device.quality["before"]["hours"]
        device.start()
        device.live_through(NEXT, counts(2 * DAY, 3))
        assert device.quality["before"]["hours"] == hours + 2 * DAY

    @pytest.mark.parametrize("wrong", ["gone", "other", "link"])
    def test_a_file_that_is_not_what_it_was_is_not_used(self, switched, wrong, tmp_path):
        device, first, _ = switched
        data = first.path.read_bytes()
        first.path.unlink()
        if wrong == "other":
            first.path.write_bytes(data + b"\0")
        elif wrong == "link":
            (tmp_path / "elsewhere").write_bytes(data)
            first.path.symlink_to(tmp_path / "elsewhere")
        device.start()
        device.live_through(NEXT, counts(2 * DAY, 3))
        assert device.quality["before"]["hours"] <= 2 * DAY + 2  # those still count
        assert device.forecaster.reported()["model"]["state"] == "Ready"

    def test_a_path_out_of_the_slot_is_not_followed(self, switched):
        device, first, _ = switched
        path = device.storage.root / "history/quality.json"
        state = json.loads(path.read_bytes())
        shutil.copy(first.path, device.storage.root / "model.onnx")
        state["before"]["pointer"]["file"] = "../model.onnx"
        state["before"]["pointer"]["files"][0]["path"] = "../model.onnx"
        path.write_text(json.dumps(state))
        first.path.unlink()
        device.start()
        device.live_through(NEXT, counts(5))
        assert device.live._shadow is not None
        assert device.live._shadow._model is None

    def test_it_ends_after_four_weeks(self, switched):
        device, *_ = switched
        hour = NEXT - 2 * DAY + SHADOW_SECONDS // HOUR + 2
        device.live_through(hour, [100.0] * 6)
        assert device.live._shadow._model is None

    def test_the_way_back_compares_the_other_way_round(self, switched, put):
        device, first, second = switched
        put(1.5)
        device.live_through(NEXT, counts(2 * DAY, 3))
        said = device.quality
        assert [model["sha256"] for model in said["models"]] == [first.sha256, second.sha256]
        assert said["before"]["difference"] > 0.2


def test_the_interval_is_scored_as_it_was_sent(device, put):
    put(says={"judging": json.dumps(to_json(Judging(0.8, (0.4,) * 24, 28)))})
    lived(device, 3)
    assert 0.6 < device.quality["models"][0]["last7"]["coverage"] < 1
