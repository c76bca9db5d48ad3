"""Judging several series together, on the real data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from edgeops.features.series import HourlySeries
from edgeops.features.spec import THIS_SERIES
from edgeops.training.build import BuildFolder
from edgeops.training.evaluation import evaluate
from edgeops.training.model_file import load_model_file
from edgeops.training.samples import experiment

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
