"""The report for the twin is small whatever the numbers are; the table has every cell."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeops.features.spec import COUNTS
from edgeops.modules.forecaster.quality_report import (
    MOST_BYTES,
    LiveScores,
    ModelForecasts,
    quality_table,
    reported_quality,
)
from edgeops.quality.judging import ALL
from edgeops.quality.kept import KeptForecasts, Observed

SCHEMA = Path(__file__).parents[4] / "schemas/modules/forecaster.reported.schema.json"
NOON = np.datetime64("2026-03-01T12", "h")
DAYS = 35


def live(scale: float = 1.0, horizon: int = 26) -> LiveScores:
    """Five weeks of two models; the newer one has half the error."""
    hours = 24 * (DAYS + 7)
    truth = scale * np.random.default_rng(1).uniform(1, 2, hours)
    observed = Observed(NOON - np.timedelta64(hours, "h"), truth)
    origins = NOON - np.arange(24 * DAYS, 0, -1).astype("timedelta64[h]")
    flat = KeptForecasts(origins, np.zeros((len(origins), horizon, 3)), np.zeros((840, horizon)))
    models = []
    for sha256, factor in (("a" * 64, 1.05), ("b" * 64, 1.1)):
        middle = factor * np.nan_to_num(observed.at(flat.targets), nan=scale)
        values = np.stack([middle * 0.9, middle, middle * 1.1], axis=2)
        models.append(ModelForecasts(sha256, "m", "1.0.0", replace(flat, values=values)))
    return LiveScores(models, observed, ALL, COUNTS, NOON, "2026-03-01T12:00:00Z")


def size(value: object) -> int:
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())


def test_two_models_with_all_that_is_told_of_them():
    said = reported_quality(live())
    first, second = said["models"]
    assert first["last28"]["wape"] == pytest.approx(0.05, abs=1e-4)
    assert second["last28"]["wape"] == pytest.approx(0.1, abs=1e-4)
    assert (first["last7"]["hours"], first["last28"]["hours"]) == (168, 672)
    assert (first["last28"]["bias"], first["last28"]["coverage"]) == (0.05, 1)
    assert {"parts", "bands", "days"} <= first.keys()
    assert list(first["bands"]) == ["1", "2-6", "7-24", "25-"]
    assert {"parts", "bands"} & second.keys() == set()
    before = said["before"]
    assert before["low"] <= before["difference"] <= before["high"] < 0
    assert (before["sha256"], before["hours"]) == ("b" * 64, 672)
    assert size(said) <= MOST_BYTES


@settings(max_examples=8)
@given(st.floats(1e-15, 1e17), st.text(max_size=200) | st.just("\U0001f600" * 200))
def test_it_is_always_small_and_as_the_schema_says(scale, name):
    said = reported_quality(scaled(scale, name))
    assert size(said) <= MOST_BYTES
    assert said["models"][0]["last28"]["hours"] == 672
    schema = json.loads(SCHEMA.read_bytes())
    jsonschema.validate(said, schema["properties"]["quality"] | {"$defs": schema["$defs"]})


def scaled(scale: float, name: str) -> LiveScores:
    """The same in other numbers."""
    models = [
        replace(model, name=name, version=name, kept=replace(model.kept, values=values * scale))
        for model, values in ((model, model.kept.values) for model in LIVE.models)
    ]
    observed = replace(LIVE.observed, values=LIVE.observed.values * scale)
    return replace(LIVE, models=models, observed=observed)


LIVE = live()


def test_the_table_has_every_cell_of_both_windows_and_models():
    table = quality_table(live())
    rows = table["scores"]
    assert len(rows) == 2 * 2 * 5 * 5
    assert table["before"] == reported_quality(live())["before"]
    night = next(row for row in rows if (row["hoursAhead"], row["part"]) == ("1", "night"))
    assert night["days"] == 7
    assert night["hours"] == night["forecasts"] == 7 * 8
    assert size(table) < 32 * 1024
    json.dumps(table, allow_nan=False)


def test_nothing_is_reported_before_anything_is_scored():
    early = replace(live(), until=NOON - np.timedelta64(DAYS, "D"))
    assert reported_quality(early) == {}
    assert quality_table(early)["scores"] == []


def test_what_comes_after_the_report_changes_nothing():
    now, later = live(), live()
    until = NOON - np.timedelta64(3, "D")
    later.observed.values[-70:] *= 7
    assert reported_quality(replace(now, until=until)) == reported_quality(
        replace(later, until=until)
    )


def test_a_value_of_zero_has_no_share():
    said = reported_quality(live(scale=0.0))
    assert said["models"][0]["last28"] == {"hours": 672, "coverage": 1}
    json.dumps(said, allow_nan=False)
