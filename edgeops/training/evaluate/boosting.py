"""Gradient boosting on the features of a model: the strongest baseline.

LightGBM (Ke et al., 2017) gets one row per origin and step ahead: the newest
observations, and the features known of the step. Like a network, it learns z,
the logarithm of value + 1 over the scale and the seasonal base.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edgeops.features.feature import At
from edgeops.features.registry import feature
from edgeops.features.series import FloatArray, IntArray
from edgeops.features.unit import measured, values_of
from edgeops.training.forecasts import Forecasts
from edgeops.training.samples import Samples

if TYPE_CHECKING:
    from lightgbm import Booster

# Chosen on the validation parts of crowdedness-24h and of the small model of the tests. One thread
# and fixed seeds: the same data gives the same trees.
PARAMETERS: Mapping[str, Any] = {
    "objective": "huber",
    "alpha": 0.2,  # errors above 20 % count linearly, as in WAPE
    "metric": "l1",
    "feature_fraction_bynode": 0.3,
    "bagging_fraction": 0.5,
    "bagging_freq": 1,
    "seed": 1,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}
ROUNDS = 2000  # at most; training stops after `PATIENCE` rounds without gain on validation
PATIENCE = 50
ROWS = 500_000  # random training rows; more make it slower and hardly better
VALIDATION_ROWS = 150_000

_MANY_ROWS = 300_000
_BASE = "log_base"
_CHUNK = 4096  # origins at a time
_TREES = 100  # at a time: so many fit into the cache of a processor, 2,000 take four times as long


@dataclass(frozen=True, slots=True, eq=False)
class Boosting:
    """Fitted trees; `rounds` is their number."""

    booster: Booster
    rounds: int

    def forecast(self, samples: Samples) -> Forecasts:
        """The median forecasts, from windows with the features of the fit."""
        count, horizon = samples.actual.shape
        values = np.empty((count * horizon, 1))
        for first in range(0, count * horizon, _CHUNK * horizon):
            index = np.arange(first, min(first + _CHUNK * horizon, count * horizon))
            z = self._outputs(_table(samples, index))
            values[index, 0] = values_of(_level(samples, index) * np.exp(z), samples.unit)
        return samples.forecasts(values.reshape(count, horizon, 1))

    def _outputs(self, table: NDArray[np.float32]) -> FloatArray:
        """The sum of all trees for each row. The number of threads does not change it."""
        total = np.zeros(len(table))
        for first in range(0, self.rounds, _TREES):
            few = min(_TREES, self.rounds - first)
            part = self.booster.predict(table, first, few, num_threads=0)  # 0: all
            total += np.asarray(part)
        return total


def parameters_for(rows: int) -> dict[str, Any]:
    """The parameters of LightGBM for so many training rows.

    Few rows gain nothing from slow learning and large trees, but from small leaves.
    """
    if rows >= _MANY_ROWS:
        size = {"learning_rate": 0.02, "num_leaves": 127, "min_data_in_leaf": 200, "lambda_l2": 5}
    else:
        leaf = min(200, max(20, rows // 1500))
        size = {"learning_rate": 0.05, "num_leaves": 63, "min_data_in_leaf": leaf, "lambda_l2": 0}
    return {**PARAMETERS, **size}


def fit_boosting(
    train: Sequence[Samples],
    validation: Sequence[Samples],
    *,
    rows: int = ROWS,
    rounds: int = ROUNDS,
) -> Boosting:
    """Fit trees for one or several series with the same features.

    Raises `ModuleNotFoundError` if lightgbm is not installed.
    """
    import lightgbm

    random = np.random.default_rng(PARAMETERS["seed"])
    table, z, level = _chosen(train, rows, random)
    parameters = parameters_for(len(z))
    training = lightgbm.Dataset(table, z, weight=np.sqrt(level))
    table, z, level = _chosen(validation, VALIDATION_ROWS, random)
    judged = lightgbm.Dataset(table, z, weight=level, reference=training)  # as WAPE weighs errors
    booster = lightgbm.train(
        parameters,
        training,
        rounds,
        valid_sets=[judged],
        callbacks=[lightgbm.early_stopping(PATIENCE, verbose=False)],
    )
    return Boosting(booster, booster.best_iteration)


def boosting_version() -> str:
    """A cache key, which changes whenever the same data could give other forecasts."""
    from importlib.metadata import version

    sizes = [parameters_for(0), parameters_for(_MANY_ROWS)]
    recipe = [sizes, ROUNDS, PATIENCE, ROWS, VALIDATION_ROWS, version("lightgbm")]
    digest = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode())
    digest.update(Path(__file__).read_bytes())
    return digest.hexdigest()


def _chosen(
    parts: Sequence[Samples], limit: int, random: np.random.Generator
) -> tuple[NDArray[np.float32], FloatArray, FloatArray]:
    """Up to `limit` random rows with a known target: the table, z, and the level (see `_level`)."""
    known = [np.flatnonzero(~np.isnan(samples.actual.ravel())) for samples in parts]
    share = min(1.0, limit / sum(map(len, known)))
    tables, targets, levels = [], [], []
    for samples, rows in zip(parts, known, strict=True):
        index = np.sort(random.choice(rows, int(len(rows) * share), replace=False))
        level = _level(samples, index)
        tables.append(_table(samples, index))
        actual = measured(samples.actual.ravel()[index], samples.unit)
        targets.append(np.log((actual + 1) / level))
        levels.append(level)
    return np.concatenate(tables), np.concatenate(targets), np.concatenate(levels)


def _table(samples: Samples, index: IntArray) -> NDArray[np.float32]:
    """The rows of flat indexes into origins x steps ahead: n x features."""
    origin, step = np.divmod(index, samples.actual.shape[1])
    observed, known = _columns(samples.features)
    return np.hstack(
        [
            samples.windows[origin, -1][:, observed],
            samples.windows[origin, step][:, observed],  # about a day before the step
            samples.windows[origin, step][:, known],
            (step[:, None] + 1).astype(np.float32),
        ]
    )


def _columns(features: tuple[str, ...]) -> tuple[list[int], list[int]]:
    """The indexes of the observed features, and of those known in advance."""
    observed = [index for index, name in enumerate(features) if feature(name).at is At.OBSERVED]
    return observed, [index for index in range(len(features)) if index not in observed]


def _level(samples: Samples, index: IntArray) -> FloatArray:
    """The value + 1 for z = 0: the scale times the base, if the window has one."""
    origin, step = np.divmod(index, samples.actual.shape[1])
    if _BASE not in samples.features:
        return samples.scale[origin]
    base = samples.windows[origin, step, samples.features.index(_BASE)]
    return np.asarray(samples.scale[origin] * np.exp(base.astype(np.float64)))
