"""The networks, in Keras with `keras.ops` only, so that every backend runs the same code.

One input, the window as features make it: the scaling is inside. The output is the ratio
(count + 1) / scale for every step ahead and quantile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeops.errors import EdgeOpsError
from edgeops.training.recipe import NetworkSection

LOG_BASE = "log_base"
_SIZES = {"sequence-lstm": ("encoder", "decoder", "head"), "article-lstm": ("encoder",)}
NARROW = 2.0  # softplus(-2) = 0.13: how far apart quantiles begin, in logarithms


@dataclass(frozen=True, slots=True)
class Shape:
    """What a network takes and gives: `features` of each step, `horizon` steps of `quantiles`.

    `steps_ahead` are the steps that it forecasts, counted from 1: all, or the
    one of a network for one horizon.
    """

    features: tuple[str, ...]
    steps: int
    steps_ahead: tuple[int, ...]
    quantiles: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Scaling:
    """Mean and standard deviation of each feature over the training windows."""

    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]


def scaling_of(windows: Sequence[NDArray[np.float32]], features: Sequence[str]) -> Scaling:
    """The scaling of some windows; a feature that never changes is left at its size."""
    count = sum(one.shape[0] * one.shape[1] for one in windows)
    mean = sum(one.sum(axis=(0, 1), dtype=np.float64) for one in windows) / count
    square = sum(((one - mean) ** 2).sum(axis=(0, 1), dtype=np.float64) for one in windows)
    deviation = np.sqrt(square / count)
    deviation = np.where(deviation < 1e-6, 1.0, deviation)
    assert len(features) == len(deviation)
    return Scaling(np.asarray(mean, np.float32), np.asarray(deviation, np.float32))


def build(network: NetworkSection, shape: Shape, scaling: Scaling) -> Any:
    """The Keras model of the part `network` of a model file, not compiled.

    Raises `EdgeOpsError` where the network does not fit the window.
    """
    from keras import Input, Model, layers

    check(network, shape)
    window = Input((shape.steps, len(shape.features)), name="window")
    scaled = layers.Normalization(mean=scaling.mean, variance=scaling.deviation**2, name="scaling")(
        window
    )
    kinds = {"sequence-lstm": _sequence_lstm, "article-lstm": _article_lstm}
    raw = kinds[network.kind](network, shape, scaled)
    return Model(window, _ratio(network, shape, window, raw), name=network.kind)


def check(network: NetworkSection, shape: Shape) -> None:
    """Raises `EdgeOpsError` where the network does not fit the window."""
    kind = network.kind
    missing = [size for size in _SIZES[kind] if getattr(network, size) is None]
    if missing:
        raise EdgeOpsError(
            f"the network {kind} has no size of {', '.join(missing)}",
            f"`network` in model.yaml needs {', '.join(_SIZES[kind])}",
        )
    if network.is_based and LOG_BASE not in shape.features:
        raise EdgeOpsError(
            f"the output base-times-exp needs the feature `{LOG_BASE}`",
            f"add `{LOG_BASE}` to the features, or use `output: level`",
        )
    low, high = network.clip
    if not low < high:
        raise EdgeOpsError(
            f"`clip` goes from {low:g} to {high:g}", "give the smaller number first: [-4, 3]"
        )
    if list(shape.quantiles) != sorted(shape.quantiles):
        raise EdgeOpsError(
            f"the quantiles {', '.join(map(str, shape.quantiles))} do not rise",
            "sort `network.quantiles` in model.yaml",
        )


def _sequence_lstm(network: NetworkSection, shape: Shape, scaled: Any) -> Any:
    """What the past says, then a two-way LSTM over the steps ahead: n x steps ahead x quantiles."""
    from keras import layers

    dropout = network.dropout
    hidden = layers.SpatialDropout1D(network.input_dropout)(scaled)
    hidden = layers.GaussianNoise(network.noise)(hidden)
    past = layers.LSTM(network.encoder, name="encoder")(hidden)
    past = layers.Dropout(dropout)(past)
    everywhere = layers.RepeatVector(shape.steps)(past)
    ahead = layers.Concatenate()([hidden, everywhere])
    ahead = layers.Bidirectional(
        layers.LSTM(network.decoder, return_sequences=True, name="lstm"), name="decoder"
    )(ahead)
    ahead = layers.Dropout(dropout)(ahead)
    ahead = layers.Concatenate()([ahead, hidden, everywhere])
    head = layers.Dense(network.head, network.activation, name="head")(ahead)
    head = layers.Dropout(dropout)(head)
    out = layers.Dense(len(shape.quantiles), name="out")(head)
    first, last = min(shape.steps_ahead) - 1, max(shape.steps_ahead)
    return out[:, first:last]


def _article_lstm(network: NetworkSection, shape: Shape, scaled: Any) -> Any:
    """One LSTM over the window and a dense layer: n x steps ahead x quantiles."""
    from keras import layers

    hidden = layers.LSTM(network.encoder, name="encoder")(scaled)
    hidden = layers.Dropout(network.dropout)(hidden)
    count = len(shape.steps_ahead), len(shape.quantiles)
    out = layers.Dense(count[0] * count[1], name="out")(hidden)
    return layers.Reshape(count)(out)


def _ratio(network: NetworkSection, shape: Shape, window: Any, raw: Any) -> Any:
    """The quantiles, in order by construction, as ratios to the scale."""
    from keras import ops

    middle = shape.quantiles.index(0.5)
    parts = [raw[:, :, middle : middle + 1]]
    for index in range(middle + 1, len(shape.quantiles)):
        parts.append(parts[-1] + ops.softplus(raw[:, :, index : index + 1] - NARROW))
    for index in range(middle - 1, -1, -1):
        parts.insert(0, parts[0] - ops.softplus(raw[:, :, index : index + 1] - NARROW))
    z = ops.concatenate(parts, axis=-1) if len(parts) > 1 else parts[0]
    if not network.is_based:
        return z
    low, high = network.clip
    base = [step - 1 for step in shape.steps_ahead]
    column = shape.features.index(LOG_BASE)
    log_base = window[:, base[0] : base[-1] + 1, column : column + 1]
    return ops.exp(log_base + ops.clip(z, low, high))
