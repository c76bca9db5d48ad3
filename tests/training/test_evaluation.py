"""Judging several series together, on the real data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeops.errors import EdgeOpsError
from edgeops.features.series import HourlySeries
from edgeops.features.spec import THIS_SERIES
from edgeops.training.build import BuildFolder
from edgeops.training.evaluate.scorecard import MODEL, OWN
from edgeops.training.evaluate.scorecard_json import from_json, to_json
from edgeops.training.evaluation import evaluate
from edgeops.training.model_file import load_model_file
from edgeops.training.other_release import other_release
from edgeops.training.samples import experiment
from edgeops.training.train import check_model

CHECKOUT = Path(__file__).parents[2]
FACTS = {"files": {"onnx": {"size": 1}}, "parity": 0, "milliseconds": {"file": 0.1}}


def test_a_street_that_ends_early_is_judged_as_far_as_it_goes(seasonal_model, tmp_path):
    model = load_model_file(CHECKOUT, "street-24h")
    spec = {
        **model.spec,
        "target": {
            "name": "street",
            "columns": ["150 K Road", "45 Queen Street"],
            "combine": "pool",
        },
        "window": {"steps": 24, "origins": [0]},
        "baselines": ["seasonal-naive-168h"],
        "export": {"formats": ["onnx"]},
        "gates": {},
    }
    data = experiment(replace(model, spec=spec))
    series = data.dataset.series
    values = series.values.copy()
    end = series.index(np.datetime64("2025-01-01T00", "h"))
    values[end:, series.columns.index("150 K Road")] = np.nan
    cut = HourlySeries(series.start, series.columns, values)
    data = replace(data, dataset=replace(data.dataset, series=cut))
    folder = BuildFolder(tmp_path)
    window = replace(data.builder("45 Queen Street").spec, columns=(THIS_SERIES,))
    folder.file("onnx").write_bytes(seasonal_model(window))

    card = evaluate(data, folder, FACTS, None, lambda _done, _total: None).scorecard
    assert (card.parts["test"].origins, card.parts["later"].origins) == (2 * 183, 365)
    assert card.per_series.keys() == {"150 K Road", "45 Queen Street"}
    together = card.parts["test"].models["model"].slices["all"].count
    assert together == sum(scores["model"].count for scores in card.per_series.values())


def lunch(**changes):
    """The data of a model for lunch, forecast at 9, beside the general model."""
    model = load_model_file(CHECKOUT, "lunch-staffing")
    spec = {
        **model.spec,
        "window": {"steps": 24, "origins": [9]},
        "baselines": ["release:crowdedness-24h"],
        "export": {"formats": ["onnx"]},
        "gates": {
            "wape_own_hours_vs_crowdedness_24h": {"max": 1},
            "difference_high_vs_crowdedness_24h": {"max": 0},
        },
        **changes,
    }
    return replace(model, spec=spec)


def test_a_model_for_some_hours_must_be_better_there_than_the_general_one(seasonal_model, tmp_path):
    model = lunch()
    check_model(model)
    data = experiment(model)
    folder = BuildFolder(tmp_path)
    folder.file("onnx").write_bytes(seasonal_model(data.builder("cbd-total").spec))
    card = evaluate(data, folder, FACTS, None, lambda _done, _total: None).scorecard
    assert (card.hours, card.passed) == ((11, 12, 13), False)

    for name, part in card.parts.items():
        general = next(other for other in part.models if other.startswith("crowdedness-24h@"))
        ours, theirs = (part.models[each].slices[OWN].wape for each in (MODEL, general))
        (difference,) = part.comparisons
        assert difference.difference == pytest.approx(ours - theirs)
        assert 0 < difference.low < difference.high
        prefix = "later_" if name == "later" else ""
        high = card.metrics[f"{prefix}difference_high_vs_crowdedness_24h"]
        assert high == difference.high
        assert part.business[general].error < part.business[MODEL].error
        assert part.business[MODEL].days == part.origins
    assert from_json(to_json(card)).hours == card.hours


@pytest.mark.parametrize(
    ("baseline", "message"),
    [
        ("release:lunch-staffing", "is the model itself"),
        ("release:lightgbm", "has the name of a baseline"),
    ],
)
def test_releases_that_could_be_taken_for_others(baseline, message):
    with pytest.raises(EdgeOpsError, match=message):
        check_model(lunch(baselines=[baseline], gates={}))


def test_a_gate_needs_its_release_among_the_baselines():
    with pytest.raises(EdgeOpsError, match="does not name a metric"):
        check_model(lunch(baselines=["lightgbm"]))


def test_a_release_that_cannot_be_compared_with():
    data = experiment(lunch())
    with pytest.raises(EdgeOpsError, match="`release:none` in `baselines`: none has no release"):
        other_release(data, CHECKOUT / ".edgeops", "release:none")
    reference, forecaster = other_release(data, CHECKOUT / ".edgeops", "release:street-24h")
    assert reference.startswith("street-24h@")
    samples = data.samples("cbd-total", "test")
    with pytest.raises(EdgeOpsError, match="forecasts other columns of the data"):
        forecaster(samples)
