"""Releases of other models as baselines: a model for some hours must be better there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edgeops.errors import EdgeOpsError
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


def lunch(**changes):
    """The data of a model for lunch, forecast at 9, beside the general model."""
    model = load_model_file(CHECKOUT, "morning-shift")
    spec = {
        **model.spec,
        "target": {**model.spec["target"], "hours": [11, 12, 13]},
        "useCases": {},
        "window": {"steps": 24, "origins": [9]},
        "baselines": ["release:crowdedness-24h"],
        "export": {"formats": ["onnx"]},
        "gates": {
            "wape_own_hours_vs_crowdedness_24h": {"max": 1},
            "difference_high_vs_crowdedness_24h": {"max": 0},
        },
        **changes,
    }
    return replace(model, name="lunch", spec=spec)


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
    (overall,) = card.overall
    parts = [part.comparisons[0] for part in card.parts.values()]
    differences = [part.difference for part in parts]
    assert min(differences) < overall.difference < max(differences)
    assert overall.high - overall.low < min(part.high - part.low for part in parts)
    again = from_json(to_json(card))
    assert (again.hours, len(again.overall)) == (card.hours, 1)


@pytest.mark.parametrize(
    ("baseline", "message"),
    [
        ("release:lunch", "is the model itself"),
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
