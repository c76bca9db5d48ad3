"""What devices report of the quality of their models, and for which release it counts."""

import json
from dataclasses import fields, is_dataclass
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.fleet.model import DesiredDevice, DesiredModule, HealthCheck
from edgeops.health.quality import (
    DailySums,
    LiveBefore,
    LiveScore,
    is_scored,
    read_quality,
    slot_qualities,
)
from edgeops.release import ModelRelease
from edgeops.twin import LiveDevice, Twin

WANTED, OLD, OTHER = "ab" * 32, "cd" * 32, "ef" * 32
SCORE = {"hours": 168, "wape": 0.0721, "bias": -0.0041, "naiveWape": 0.1102, "coverage": 0.804}
QUALITY = {
    "until": "2026-11-29T13:00:00Z",
    "models": [
        {
            "sha256": WANTED,
            "name": "crowd",
            "version": "2.0.0",
            "last7": SCORE,
            "last28": {**SCORE, "hours": 300},
            "parts": {"night": SCORE, "noon": SCORE},
            "bands": {"2-6": SCORE},
            "days": {"until": "2026-11-29", "error": [1, 2.5], "value": [10, 20]},
        },
        {"sha256": OLD, "last28": {"hours": 20, "wape": 0.08}},
    ],
    "before": {
        "sha256": OLD,
        "hours": 200,
        "wape": 0.072,
        "beforeWape": 0.075,
        "difference": -0.003,
        "low": -0.006,
        "high": 0.001,
    },
}


def release(sha256, name="crowd", version="2.0.0"):
    return ModelRelease.of_file(name, version, f"{name}.onnx", 9, sha256, "", "onnx", path="p")


def device(models=None, **modules):
    return DesiredDevice(
        "d", {}, (), False, "sas", False, {}, {},
        modules or {"vision": DesiredModule("vision", {}, {})},
        {"crowds": release(WANTED)} if models is None else models,
        edge_content={},
    )  # fmt: skip


def reported(**values):
    twins = {name: Twin("d", name, reported={"quality": value}) for name, value in values.items()}
    return LiveDevice(Twin("d"), twins)


def test_every_figure_is_read():
    read = read_quality("forecaster", json.loads(json.dumps(QUALITY)))
    assert read is not None
    (model, older), before = read.models, read.before
    assert (read.until, model.name, model.version) == ("2026-11-29T13:00:00Z", "crowd", "2.0.0")
    assert model.last7 == LiveScore(168, 0.0721, -0.0041, 0.1102, 0.804)
    assert (model.hours, older.hours, older.last7) == (300, 20, None)
    assert model.parts == {"night": model.last7}
    assert model.bands == {"2-6": model.last7}
    assert model.days == DailySums(date(2026, 11, 29), (1, 2.5), (10, 20))
    assert model.last7.versus_naive == pytest.approx(0.654, abs=0.001)
    assert (older.last28.naive_wape, older.last28.versus_naive) == (None, None)
    assert before == LiveBefore(OLD, 200, 0.072, 0.075, -0.003, -0.006, 0.001)


def test_why_nothing_is_scored():
    read = read_quality("m", {"reason": "the history has\nno values", "models": []})
    assert read is not None
    assert (read.models, read.reason) == ((), "the history has no values")


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({"sha256": "AB" * 32}, 0),
        ({"sha256": WANTED + "\n"}, 0),
        ({"last28": {**SCORE, "hours": -1}}, None),
        ({"last28": {**SCORE, "hours": True}}, None),
        ({"last28": {**SCORE, "hours": 10**400}}, None),
        ({"last28": {**SCORE, "wape": -0.1}}, None),
        ({"last28": {**SCORE, "wape": "0.1"}}, None),
        ({"last28": {**SCORE, "wape": float("nan")}}, None),
        ({"last28": [SCORE]}, None),
        ({"last28": {**SCORE, "coverage": 7, "bias": {}, "naiveWape": None}}, (168, None)),
    ],
)
def test_what_is_not_plausible_is_not_reported(change, kept):
    read = read_quality("m", {"models": [{"sha256": WANTED, "last28": SCORE, **change}]})
    if kept == 0:
        assert read is None
        return
    assert read is not None
    score = read.models[0].last28
    assert (score and (score.hours, score.coverage)) == kept


@pytest.mark.parametrize(
    "days",
    [
        {"until": "2026-11-29", "error": [1], "value": [1, 2]},
        {"until": "2026-11-29", "error": [1] * 29, "value": [1] * 29},
        {"until": "2026-11-29", "error": [1, None], "value": [1, 2]},
        {"until": "2026-11-29", "error": [], "value": []},
        {"until": "0001-01-01", "error": [1], "value": [1]},
        {"until": "tomorrow", "error": [1], "value": [1]},
        {"until": 20261129, "error": [1], "value": [1]},
        "days",
    ],
)
def test_sums_of_days_are_whole_or_not_there(days):
    read = read_quality("m", {"models": [{"sha256": WANTED, "days": days}]})
    assert read is not None
    assert read.models[0].days is None


def test_an_interval_has_the_difference_in_it():
    for low, high in ((0.001, 0.002), (None, 0.1), ("a", "b")):
        ends = {**QUALITY["before"], "low": low, "high": high}
        read = read_quality("m", {"models": QUALITY["models"], "before": ends})
        assert read is not None
        assert read.before is not None
        assert (read.before.low, read.before.high) == (None, None)


KEYS = (
    *("until", "models", "sha256", "last28", "hours", "wape", "days", "error", "value"),
    *("before", "parts", "night", "reason", "name", "low", "difference"),
)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(WANTED),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6)
    ),
    max_leaves=20,
)


@given(ANY_JSON | ANY_JSON.map(lambda value: {"models": [{"sha256": WANTED, "last28": value}]}))
def test_no_report_is_an_error(value):
    found = slot_qualities(device(), reported(vision=value))
    assert set(found) <= {"crowds"}
    for figure in _figures(found):
        assert figure == figure
        assert abs(figure) <= 1e15


def _figures(value):
    if isinstance(value, float):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _figures(item)
    elif isinstance(value, tuple):
        for item in value:
            yield from _figures(item)
    elif is_dataclass(value):
        yield from _figures({field.name: getattr(value, field.name) for field in fields(value)})


def test_figures_count_for_the_release_with_their_digest():
    said = slot_qualities(device(), reported(vision=QUALITY))["crowds"]
    assert said.wanted is not None
    assert (said.hours, [other.sha256 for other in said.others]) == (300, [OLD])
    assert said.before is not None

    # Git goes back to the older release: the comparison was about another one.
    older = slot_qualities(device({"crowds": release(OLD)}), reported(vision=QUALITY))["crowds"]
    assert (older.hours, older.before) == (20, None)
    # Git has another release, which the device does not use yet.
    newer = slot_qualities(device({"crowds": release(OTHER)}), reported(vision=QUALITY))["crowds"]
    assert (newer.wanted, newer.hours, len(newer.others)) == (None, 0, 2)


def test_a_report_belongs_to_the_slot_of_its_digest_else_of_its_module():
    two = {"crowds": release(WANTED), "streets": release(OTHER, "street")}
    assert set(slot_qualities(device(two), reported(vision=QUALITY))) == {"crowds"}
    nothing = {"reason": "no values yet"}
    assert slot_qualities(device(two), reported(vision=nothing)) == {}
    check = HealthCheck(("state",), ("ok",), (), "streets")
    named = device(two, vision=DesiredModule("vision", {}, {}, check))
    assert set(slot_qualities(named, reported(vision=nothing))) == {"streets"}
    assert slot_qualities(device(), reported(stranger=QUALITY)) == {}  # git does not have it
    assert slot_qualities(device(), None) == {}


def test_of_two_modules_the_one_that_scored_more_counts():
    both = device(vision=DesiredModule("vision", {}, {}), scorer=DesiredModule("scorer", {}, {}))
    less = {"models": [{"sha256": WANTED, "last28": SCORE}]}
    assert slot_qualities(both, reported(vision=QUALITY, scorer=less))["crowds"].hours == 300
    assert slot_qualities(both, reported(vision=less, scorer=QUALITY))["crowds"].hours == 300


def test_a_forecaster_reports_it_for_its_slot_even_if_it_has_not_yet():
    image = {"image": "registry.example.com/edgeops-forecaster:1.0.0"}
    forecaster = DesiredModule("f", image, {"model": "crowds"})
    assert is_scored(device(f=forecaster), "crowds", {})
    assert not is_scored(device(f=forecaster), "streets", {})
    assert not is_scored(device(), "crowds", {})
    said = slot_qualities(device(), reported(vision={"reason": "not yet"}))
    assert is_scored(device(), "crowds", said)
