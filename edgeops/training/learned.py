"""Trained baselines: LightGBM on the same features, and an LSTM as in the literature.

They are cached in the folder of the build, by their settings.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from pathlib import Path

from edgeops.files import write_whole
from edgeops.plain_file import read_plain
from edgeops.training import backend
from edgeops.training.build import BuildFolder
from edgeops.training.evaluate.baselines import Forecaster
from edgeops.training.evaluate.boosting import Boosting, boosting_version, fit_boosting
from edgeops.training.examples import plain_training_data
from edgeops.training.fit import fit
from edgeops.training.fitted import load, save
from edgeops.training.forecasts import Forecasts
from edgeops.training.jobs import network_of
from edgeops.training.onnx_run import of_ratio
from edgeops.training.predict import keras_ratio
from edgeops.training.recipe import NetworkSection, TrainingSection
from edgeops.training.samples import Experiment, Samples
from edgeops.training.training_data import Job

LIGHTGBM, ARTICLE = "lightgbm", "article-lstm"
_MOST_TREES = 256 * 1024 * 1024  # bytes
_NETWORK = NetworkSection("article-lstm", encoder=64, output="level")
_TRAINING = TrainingSection(
    epochs=20, batch=256, learning_rate=0.001, schedule="constant", loss="mae", context_dropout=0
)


def learned(name: str, data: Experiment, folder: BuildFolder) -> Forecaster:
    """A trained baseline by its name, from the cache if possible. Raises `EdgeOpsError`."""
    return _lightgbm(data, folder).forecast if name == LIGHTGBM else _article(data, folder)


def _lightgbm(data: Experiment, folder: BuildFolder) -> Boosting:
    path = folder.path / "baselines" / f"lightgbm-{boosting_version()[:12]}.txt"
    cached = cached_boosting(path)
    if cached is not None:
        return cached
    stride = data.model.recipe.window.stride
    train, validation = (
        [data.samples(series, part, stride) for series in data.series]
        for part in ("train", "validation")
    )
    boosting = fit_boosting(train, validation)
    write_whole(path, boosting.booster.model_to_string(num_iteration=boosting.rounds).encode())
    return boosting


def cached_boosting(path: Path) -> Boosting | None:
    """The trees of an earlier run; None if the file is missing or damaged."""
    import lightgbm

    try:
        text = read_plain(path.parent, path.name, _MOST_TREES).decode()
        booster = lightgbm.Booster(model_str=text)
    except (OSError, ValueError, lightgbm.basic.LightGBMError):
        return None
    return Boosting(booster, booster.num_trees())


def _article(data: Experiment, folder: BuildFolder) -> Forecaster:
    """An LSTM of 64 units and a dense layer on the same window, 20 epochs, not tuned.

    It forecasts the level, not the deviation from a seasonal base.
    """
    network = replace(network_of(data.model), section=_NETWORK)
    training = replace(_TRAINING, backend=data.model.recipe.training.backend)
    recipe = json.dumps([asdict(_NETWORK), asdict(training)])
    key = hashlib.sha256(recipe.encode()).hexdigest()[:12]
    backend.start(training)
    path = folder.path / "baselines" / f"{ARTICLE}-{key}.npz"
    fitted = load(path)
    if fitted is None:
        job = Job(network.steps_ahead, 1)
        checkpoint: Path = path.with_suffix(".checkpoint.npz")
        training_data = plain_training_data(data, training)
        fitted = fit(job, network, training, training_data, checkpoint, lambda _done, _total: None)
        save(fitted, path)
        checkpoint.unlink(missing_ok=True)

    def forecast(samples: Samples) -> Forecasts:
        ratio = keras_ratio(network, [fitted], samples.windows)
        return samples.forecasts(of_ratio(ratio, samples.scale, samples.unit))

    return forecast
