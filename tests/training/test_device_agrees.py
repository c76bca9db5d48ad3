"""A device that is told the rows of a table forecasts what training forecast.

The same windows bit by bit, and the same counts as in the table of an evaluation, over both
changes of the clock.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from edgeops.api.device_check import tried
from edgeops.features.device_limits import HOURS_KEPT
from edgeops.features.series import HourlySeries
from edgeops.features.spec import THIS_SERIES
from edgeops.features.spec_json import to_json
from edgeops.modules.forecaster.rehearsal import Rehearsal
from edgeops.training.data.load import window_spec
from edgeops.training.device_trial import Trial
from edgeops.training.evaluate.table import write_table
from edgeops.training.model_file import load_model_file
from edgeops.training.onnx_run import OnnxModel
from edgeops.training.samples import Experiment, Samples, experiment

CHECKOUT = Path(__file__).parents[2]
MODELS = sorted(path.parent.name for path in (CHECKOUT / "models").glob("*/model.yaml"))
H = np.timedelta64(1, "h")
SPRING = np.datetime64("2024-09-29T02", "h")  # skipped
AUTUMN = np.datetime64("2025-04-06T02", "h")  # comes twice
AROUND = (-200, -25, -24, -3, -2, -1, 1, 2, 3, 20, 24, 26, 167, 169, 500, 700)  # hours


@dataclass(frozen=True)
class Evaluated:
    """A model file for devices, and the table of what it forecast in an evaluation."""

    experiment: Experiment
    onnx: bytes
    table: Path
    model: str  # whose rows of the table are meant

    def forecasts(self, series: str, origin: np.datetime64) -> np.ndarray:
        """What the table says of one origin: horizon x (lo, yhat, hi)."""
        chosen = pq.read_table(
            self.table,
            filters=(pc.field("series") == series)
            & (pc.field("model") == self.model)
            & (pc.field("origin") == pa.scalar(origin.astype("datetime64[s]"))),
        ).sort_by("horizon")
        return np.stack([chosen[name].to_numpy() for name in ("lo", "yhat", "hi")], axis=1)


@pytest.fixture(scope="module")
def experiment_of() -> Callable[[str], Experiment]:
    """The experiment of a model of this repository; its data is read once."""
    return cache(lambda name: experiment(load_model_file(CHECKOUT, name)))


@pytest.fixture(scope="module")
def crowdedness(experiment_of) -> Experiment:
    return experiment_of("crowdedness-24h")


@pytest.fixture(scope="module")
def streets(crowdedness) -> Experiment:
    """A model of any one street; one of the sensors has outages."""
    spec = dict(crowdedness.model.spec)
    spec["target"] = {
        "name": "street",
        "columns": ["150 K Road", "205 Queen Street"],
        "combine": "pool",
    }
    return replace(crowdedness, model=replace(crowdedness.model, spec=spec))


def seasonal(
    of: Experiment, samples: dict[str, Samples], make: Callable[..., bytes], folder: Path
) -> Evaluated:
    """The model that forecasts the seasonal base, evaluated as any other."""
    spec = of.builder(of.series[0]).spec
    onnx = make(replace(spec, columns=(THIS_SERIES,)) if of.model.recipe.target.is_pooled else spec)
    return judged(of, samples, onnx, folder)


def judged(of: Experiment, samples: dict[str, Samples], onnx: bytes, folder: Path) -> Evaluated:
    """The table that an evaluation of a model file writes."""
    path = folder / "forecasts.parquet"
    model = OnnxModel(onnx)
    made = [model.forecasts(part, (0.1, 0.5, 0.9)) for part in samples.values()]
    write_table(path, {"test": {"model": made}})
    return Evaluated(of, onnx, path, "model")


def samples_at(of: Experiment, series: str, origins: Iterable[np.datetime64]) -> Samples:
    """The samples of these origins, in the test part and after it."""
    wanted = np.array(list(origins))
    parts = [of.samples(series, part) for part in ("test", "later")]
    chosen = [part.chosen(np.isin(part.origins, wanted)) for part in parts]
    return replace(
        chosen[0],
        **{
            name: np.concatenate([getattr(part, name) for part in chosen])
            for name in ("windows", "origins", "rows", "scale", "actual")
        },
    )


def agrees(evaluated: Evaluated, samples: Samples, storage: Path, series: str | None) -> None:
    """A device that goes through the origins in order has these windows and forecasts."""
    of, builder = evaluated.experiment, evaluated.experiment.builder(samples.series)
    table = np.stack([evaluated.forecasts(samples.series, at) for at in samples.origins])
    forecasts = samples.forecasts(table, (0.1, 0.5, 0.9))
    trial = Trial(of, builder.spec, builder.columns, builder.hours_to_keep, forecasts)
    model = storage / "model.onnx"
    model.write_bytes(evaluated.onnx)
    device = Rehearsal(storage / "device", model, series=series)
    for index, tried_one in enumerate(tried(trial, device, storage / "first-fill.csv")):
        now = float(trial.ends[index] + 60)
        window = device.model.window_maker.make(device.recorder.history, series, now)
        origin = samples.origins[index]
        assert window.scale == samples.scale[index], origin
        assert window.values.tobytes() == samples.windows[index].tobytes(), origin
        assert tried_one.difference is not None, tried_one.reason
        assert tried_one.difference <= 1e-4, tried_one.reason
    assert device.recorder.fault is None


def test_a_year_with_both_changes_of_the_clock(crowdedness, seasonal_model, tmp_path):
    origins = [change + hours * H for change in (SPRING, AUTUMN) for hours in AROUND]
    samples = samples_at(crowdedness, "cbd-total", origins)
    assert len(samples) == len(origins)
    evaluated = seasonal(crowdedness, {"cbd-total": samples}, seasonal_model, tmp_path)
    agrees(evaluated, samples, tmp_path, None)


@pytest.mark.parametrize("street", ["150 K Road", "205 Queen Street"])
def test_one_model_for_every_street(streets, seasonal_model, tmp_path, street):
    samples = samples_at(streets, street, [SPRING + hours * H for hours in AROUND[:12]])
    evaluated = seasonal(streets, {street: samples}, seasonal_model, tmp_path)
    agrees(evaluated, samples, tmp_path, street)


def test_sensors_that_are_silent_for_a_while(crowdedness, seasonal_model, tmp_path):
    origin = np.datetime64("2024-11-20T15", "h")
    data = crowdedness.dataset.series
    values, row = data.values.copy(), data.index(origin)
    for column, (first, end) in enumerate([(row - 40, row + 1), (row - 900, row - 700)] * 3):
        values[first:end, data.columns.index(crowdedness.columns[column])] = np.nan
    gappy = replace(
        crowdedness,
        dataset=replace(crowdedness.dataset, series=HourlySeries(data.start, data.columns, values)),
    )
    samples = samples_at(gappy, "cbd-total", [origin])
    evaluated = seasonal(gappy, {"cbd-total": samples}, seasonal_model, tmp_path)
    agrees(evaluated, samples, tmp_path, None)


@pytest.mark.parametrize(
    ("name", "series"), [("crowdedness-24h", None), ("street-24h", "210 Queen Street")]
)
def test_the_models_that_are_released(experiment_of, name, series, tmp_path):
    of = experiment_of(name)
    release = CHECKOUT / f"models/{name}/releases/{name}-1.0.0.onnx"
    judged_series = series or of.series[0]
    samples = samples_at(of, judged_series, [SPRING + hours * H for hours in AROUND[:14]])
    evaluated = judged(of, {judged_series: samples}, release.read_bytes(), tmp_path)
    agrees(evaluated, samples, tmp_path, series)


@pytest.mark.parametrize("name", MODELS)
def test_a_device_keeps_what_the_window_of_a_model_needs(experiment_of, name):
    of = experiment_of(name)
    assert of.builder(of.series[0]).hours_to_keep < HOURS_KEPT


@pytest.mark.parametrize("name", MODELS)
def test_a_released_model_has_the_window_of_its_model_file(experiment_of, name):
    of = experiment_of(name)
    columns = (THIS_SERIES,) if of.model.recipe.target.is_pooled else of.columns
    spec = window_spec(of.model, columns, of.dataset.series)
    release = OnnxModel(CHECKOUT / f"models/{name}/releases/{name}-1.0.0.onnx")
    assert json.dumps(to_json(spec), separators=(",", ":")) == release.metadata["window_spec"]
