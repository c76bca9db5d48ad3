"""A scorecard is the same after it was written and read."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from edgeops.errors import EdgeOpsError
from edgeops.fleet.schema import compile_schema
from edgeops.fleet.user_schema import schema_faults
from edgeops.source.schemas import packaged_schema
from edgeops.training.evaluate.judge import judge
from edgeops.training.evaluate.scorecard import (
    ALL,
    MODEL,
    Comparison,
    JudgedPart,
    Scorecard,
    Verdict,
)
from edgeops.training.evaluate.scorecard_json import from_json, to_json
from edgeops.training.forecasts import Forecasts


@pytest.fixture
def card() -> Scorecard:
    """A scorecard of real judgements: with hours that have no value, and cells that have few."""
    random = np.random.default_rng(1)
    origins = np.datetime64("2024-01-01T08", "h") + 24 * np.arange(30)
    actual = random.integers(10, 200, (30, 3)).astype(float)
    values = np.sort(actual[:, :, None] + random.normal(0, 20, (30, 3, 3)), axis=2)
    judged = judge(Forecasts("s", origins, actual, values, (0.1, 0.5, 0.9)), 12.0, {"x": {9, 10}})
    part = JudgedPart(
        "2024-01-01T08", "2024-01-30T08", 30, {MODEL: judged}, (Comparison("n", -1, -2, 0),)
    )
    return Scorecard(
        "m",
        ("s",),
        1,
        (0.1, 0.5, 0.9),
        {"test": part},
        {"s": {MODEL: judged.slices[ALL]}},
        {"wape": 0.123456},
        (Verdict("wape", 0.123456, True, "good"), Verdict("mase", None, False, "no value")),
    )


def test_a_scorecard_is_the_same_after_json(card):
    value = json.loads(json.dumps(to_json(card)))
    assert (value["apiVersion"], value["kind"]) == ("edgeops/v1", "Scorecard")
    again = from_json(value)
    assert to_json(again) == to_json(card)
    assert again.gates == card.gates
    assert again.parts["test"].comparisons == card.parts["test"].comparisons
    assert again.parts["test"].models[MODEL].by_hour[0] is None
    wape = card.parts["test"].models[MODEL].slices[ALL].wape
    assert again.parts["test"].models[MODEL].slices[ALL].wape == pytest.approx(wape, rel=1e-5)


@pytest.mark.parametrize("value", [None, [], {}, {"apiVersion": "edgeops/v1", "kind": "Scorecard"}])
def test_other_json_is_not_a_scorecard(value):
    with pytest.raises(EdgeOpsError, match="the value is not a scorecard"):
        from_json(value)


def test_the_schema_says_what_is_written_and_explains_it(card):
    schema = packaged_schema("scorecard")
    assert compile_schema(schema).mismatches(to_json(card)) == ()
    assert schema_faults(schema) == ()  # a fleet keeps a copy beside its own schemas
    for part in (schema, *schema["$defs"].values()):
        for key, inner in part.get("properties", {}).items():
            assert "description" in inner or "const" in inner, key


def test_a_figure_without_a_value_is_null_and_comes_back_as_none_or_not_a_number(card):
    judged = card.parts["test"].models[MODEL]
    bare = replace(judged.slices[ALL], mape=math.nan, pinball=None)
    parts = {
        "test": replace(card.parts["test"], models={MODEL: replace(judged, slices={ALL: bare})})
    }
    value = to_json(replace(card, parts=parts))
    written = value["parts"]["test"]["models"][MODEL]["slices"][ALL]
    assert (written["mape"], written["pinball"]) == (None, None)
    read = from_json(value).parts["test"].models[MODEL].slices[ALL]
    assert math.isnan(read.mape)
    assert read.pinball is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"interval": "1"}, "/interval"),
        ({"per_series": {}}, "unknown key `per_series`"),
        ({"gates": [{"gate": "wape"}]}, "/gates/0"),
        ({"parts": {"test": {}}}, "/parts/test"),
        ({"metrics": {"wape": None}}, "/metrics/wape"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(card, change, message):
    with pytest.raises(EdgeOpsError, match="the value is not a scorecard") as caught:
        from_json({**to_json(card), **change})
    assert message in caught.value.message


def test_a_scorecard_of_another_version(card):
    with pytest.raises(EdgeOpsError, match="the value is not a scorecard"):
        from_json({**to_json(card), "apiVersion": "edgeops/v2"})
