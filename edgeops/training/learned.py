"""Baselines that are trained: LightGBM on the same features, an LSTM as articles have it.

They are kept in the folder of the build, each by its recipe.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from edgeops.files import write_whole
from edgeops.jsonvalue import JsonObject
from edgeops.plain_file import read_plain
from edgeops.training import backend
from edgeops.training.build import BuildFolder
from edgeops.training.evaluate.boosting import Boosting, boosting_version, fit_boosting
from edgeops.training.examples import plain_training_data
from edgeops.training.fit import fit
from edgeops.training.fitted import Fitted, load, save
from edgeops.training.forecasts import Forecasts
from edgeops.training.jobs import shape_of
from edgeops.training.network import Shape
from edgeops.training.onnx_run import counts
from edgeops.training.predict import keras_ratio
from edgeops.training.recipe import network_of, training_of
from edgeops.training.samples import Experiment, Samples
from edgeops.training.training_data import Job

LIGHTGBM, ARTICLE = "lightgbm", "article-lstm"
_MOST_TREES = 256 * 1024 * 1024  # bytes
_ARTICLE: JsonObject = {"kind": "article-lstm", "encoder": 64, "output": "level"}
_NETWORK = network_of(_ARTICLE)
_ARTICLE_TRAINING: JsonObject = {
    "epochs": 20,
    "batch": 256,
    "learningRate": 0.001,
    "schedule": "constant",
    "loss": "mae",
    "restoreBest": "validation-mae",
}


class Learned(Protocol):
    """A baseline after its training."""

    def forecast(self, samples: Samples) -> Forecasts:
        """The forecasts of samples, in counts."""


@dataclass(frozen=True, slots=True, eq=False)
class Article:
    """One LSTM of 64 units and a dense layer over the same window, 20 epochs, nothing tuned.

    It forecasts the level itself, not the deviation from a seasonal base.
    """

    shape: Shape
    fitted: Fitted

    def forecast(self, samples: Samples) -> Forecasts:
        """See `Learned.forecast`."""
        ratio = keras_ratio(_NETWORK, self.shape, [self.fitted], samples.windows)
        values = counts(ratio, samples.scale)
        return Forecasts(
            samples.series, samples.origins, samples.actual, values, (0.5,), samples.interval
        )


def learned(name: str, data: Experiment, folder: BuildFolder) -> Learned:
    """A baseline by its name, trained now or before. Raises `EdgeOpsError`."""
    return _lightgbm(data, folder) if name == LIGHTGBM else _article(data, folder)


def _lightgbm(data: Experiment, folder: BuildFolder) -> Boosting:
    path = folder.path / "baselines" / f"lightgbm-{boosting_version()[:12]}.txt"
    kept = kept_boosting(path)
    if kept is not None:
        return kept
    stride = data.model.recipe.window.stride
    train, validation = (
        [data.samples(series, part, stride) for series in data.series]
        for part in ("train", "validation")
    )
    made = fit_boosting(train, validation)
    write_whole(path, made.booster.model_to_string(num_iteration=made.rounds).encode())
    return made


def kept_boosting(path: Path) -> Boosting | None:
    """Trees of an earlier run; None where there are none, or the file is damaged."""
    import lightgbm

    try:
        text = read_plain(path.parent, path.name, _MOST_TREES).decode()
        booster = lightgbm.Booster(model_str=text)
    except (OSError, ValueError, lightgbm.basic.LightGBMError):
        return None
    return Boosting(booster, booster.num_trees())


def _article(data: Experiment, folder: BuildFolder) -> Article:
    whole = shape_of(data.model)
    shape = Shape(whole.features, whole.steps, whole.steps_ahead, (0.5,))
    said = dict(_ARTICLE_TRAINING)
    if "backend" in (written := data.model.spec["training"]):  # else the key would be another
        said["backend"] = written["backend"]
    key = hashlib.sha256(json.dumps([_ARTICLE, said], sort_keys=True).encode()).hexdigest()[:12]
    training = training_of(said)
    backend.start(training)
    path = folder.path / "baselines" / f"{ARTICLE}-{key}.npz"
    found = load(path)
    if found is None:
        job = Job(shape.steps_ahead, 1)
        checkpoint: Path = path.with_suffix(".checkpoint.npz")
        training_data = plain_training_data(data, training)
        found = fit(
            job, _NETWORK, training, shape, training_data, checkpoint, lambda _done, _total: None
        )
        save(found, path)
        checkpoint.unlink(missing_ok=True)
    return Article(shape, found)
