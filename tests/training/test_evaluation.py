"""Judging several series together, on the real data, as devices forecast them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeops.api.device_check import device_check
from edgeops.features.series import HourlySeries
from edgeops.features.spec import THIS_SERIES
from edgeops.quality.score import DAY_PARTS
from edgeops.training.build import BuildFolder
from edgeops.training.champion import Champion
from edgeops.training.evaluate.gates import LIMIT
from edgeops.training.evaluation import Evaluated, evaluate
from edgeops.training.judged_by import from_properties, judging_of, to_properties
from edgeops.training.model_file import load_model_file
from edgeops.training.onnx_run import OnnxModel
from edgeops.training.samples import Experiment, experiment

CHECKOUT = Path(__file__).parents[2]
FACTS = {"files": {"onnx": {"size": 1}}, "parity": 0, "milliseconds": {"file": 0.1}}


@pytest.fixture(scope="module")
def streets() -> Experiment:
    """Two streets, forecast at midnight; one of them ends with the test part."""
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
    return replace(data, dataset=replace(data.dataset, series=cut))


@pytest.fixture(scope="module")
def make(streets, seasonal_model) -> Callable[..., bytes]:
    """Makes the model that forecasts the seasonal base of a street, with metadata."""
    window = replace(streets.builder("45 Queen Street").spec, columns=(THIS_SERIES,))
    return lambda **says: seasonal_model(window, **says)


def evaluated(
    data: Experiment, onnx: bytes, path: Path, champion: bytes | None = None
) -> Evaluated:
    folder = BuildFolder(path)
    folder.file("onnx").write_bytes(onnx)
    last = Champion("1.0.0", champion) if champion else None
    return evaluate(data, folder, FACTS, last, lambda _done, _total: None)


def test_a_street_that_ends_early_is_judged_as_far_as_it_goes(streets, make, tmp_path):
    card = evaluated(streets, make(), tmp_path).scorecard
    assert (card.parts["test"].origins, card.parts["later"].origins) == (2 * 183, 365)
    assert card.per_series.keys() == {"150 K Road", "45 Queen Street"}
    together = card.parts["test"].models["model"].slices["all"].count
    assert together == sum(scores["model"].count for scores in card.per_series.values())


def test_an_interval_holds_in_every_part_of_the_day_as_on_devices(streets, make, tmp_path):
    plain = make()  # its quantiles are the same, so that its interval contains nothing
    judging = judging_of(streets, OnnxModel(plain))
    assert (judging.coverage, judging.days, judging.origins) == (0.8, 60, (0,))
    with_margins = make(**to_properties(judging))
    assert from_properties(OnnxModel(with_margins).metadata) == judging

    told = evaluated(streets, with_margins, tmp_path, plain)
    later = told.scorecard.parts["later"].models
    for part in DAY_PARTS:
        assert later["model"].slices[part].coverage == pytest.approx(0.8, abs=0.05)
        assert later["champion"].slices[part].coverage < 0.05
        of_part = told.scorecard.metrics[f"later_coverage_80_{part}"]
        assert of_part == later["model"].slices[part].coverage
    wapes = {name: later[name].slices["all"].wape for name in ("model", "champion")}
    assert wapes["model"] == wapes["champion"]

    path = BuildFolder(tmp_path).file("onnx")
    device = device_check(streets, path, told.forecasts, lambda _done, _total: None)
    assert device.difference is not None, device.reason
    assert device.difference <= LIMIT, device.reason
    last = told.forecasts["later"]["model"][0]
    assert last.kept is not None
    assert set(last.kept.margins[0].tolist()) <= {*judging.margins}
    assert not set(last.kept.margins[-1].tolist()) & {*judging.margins}  # they are its own
