"""Forecasts of trained networks by Keras, the reference for exported files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from edgeops.training.fitted import Fitted
from edgeops.training.network import Network, build
from edgeops.training.onnx_run import median_milliseconds
from edgeops.training.training_data import FloatTensor


def keras_model(network: Network, fitted: Fitted) -> Any:
    """The Keras model with the weights of a job."""
    model = build(replace(network, steps_ahead=fitted.job.steps_ahead), fitted.scaling)
    for variable in model.trainable_variables:
        variable.assign(fitted.weights[variable.path])
    return model


def keras_ratio(network: Network, fitted: Sequence[Fitted], windows: FloatTensor) -> FloatTensor:
    """The ratios (n x horizon x quantiles): seeds averaged before `exp`, horizons concatenated."""
    groups: dict[tuple[int, ...], list[FloatTensor]] = {}
    for result in fitted:
        output = keras_model(network, result).predict(windows, batch_size=2048, verbose=0)
        groups.setdefault(result.job.steps_ahead, []).append(np.asarray(output))
    parts = []
    for _, outputs in sorted(groups.items()):
        if network.section.is_based:
            parts.append(np.exp(np.mean(np.log(outputs), axis=0)))
        else:
            parts.append(np.mean(outputs, axis=0))
    return np.concatenate(parts, axis=1)


def keras_milliseconds(
    network: Network, fitted: Fitted, window: FloatTensor, rounds: int = 20
) -> float:
    """The median time of `predict` for one window (1 x steps x features)."""
    model = keras_model(network, fitted)
    return median_milliseconds(lambda: model.predict(window, verbose=0), rounds)
