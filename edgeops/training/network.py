"""The networks in Keras, with `keras.ops` only, so that every backend runs the same code.

The input is the unscaled window: the network scales it. The output is the ratio
(count + 1) / scale for every step ahead and quantile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeops.errors import EdgeOpsError
from edgeops.features.known import KNOWN
from edgeops.training.recipe import NetworkSection

LOG_BASE = "log_base"
_SIZES = {"sequence-lstm": ("encoder", "decoder", "head"), "article-lstm": ("encoder",)}
NARROW = 2.0  # softplus(-2) = 0.13: the initial distance of quantiles, in logarithms


@dataclass(frozen=True, slots=True)
class Network:
    """A network with the `section` of model.yaml, for windows of `steps` x `features`.

    `steps_ahead` are the steps that it forecasts, counted from 1: all, or one
    for a network of a single horizon.
    """

    section: NetworkSection
    features: tuple[str, ...]
    steps: int
    steps_ahead: tuple[int, ...]

    @property
    def quantiles(self) -> tuple[float, ...]:
        """The quantiles that it forecasts of each step."""
        return self.section.quantiles


@dataclass(frozen=True, slots=True, eq=False)
class Scaling:
    """Mean and standard deviation of each feature over the training windows."""

    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]


def scaling_of(
    windows: NDArray[np.float32], features: Sequence[str], least_deviation: float = 0
) -> Scaling:
    """The scaling of windows (n x steps x features); a constant feature is not divided.

    Whether something is known ahead is left as it is, 0 or 1: in training nearly all is, so
    that one hour without would be far from anything that a network ever sees. Other features that
    are 0 or 1 are divided by no less than the `least_deviation`.
    """
    count = windows.shape[0] * windows.shape[1]
    mean = windows.sum(axis=(0, 1), dtype=np.float64) / count
    square = ((windows - mean) ** 2).sum(axis=(0, 1), dtype=np.float64)
    deviation = np.sqrt(square / count)
    if least_deviation:
        flags = np.array([_is_flag(windows[:, :, at]) for at in range(len(features))])
        deviation = np.where(
            flags & (deviation > 0), np.maximum(deviation, least_deviation), deviation
        )
    known = np.array([name.startswith(KNOWN) for name in features])
    mean = np.where(known, 0.0, mean)
    deviation = np.where(known | (deviation < 1e-6), 1.0, deviation)
    return Scaling(np.asarray(mean, np.float32), np.asarray(deviation, np.float32))


def _is_flag(values: NDArray[np.float32]) -> bool:
    return bool(((values == 0) | (values == 1)).all())


def build(network: Network, scaling: Scaling) -> Any:
    """The Keras model of a network, not compiled. Raises as `check`."""
    from keras import Input, Model, layers

    check(network)
    window = Input((network.steps, len(network.features)), name="window")
    scaled = layers.Normalization(mean=scaling.mean, variance=scaling.deviation**2, name="scaling")(
        window
    )
    kinds = {"sequence-lstm": _sequence_lstm, "article-lstm": _article_lstm}
    raw = kinds[network.section.kind](network, scaled)
    return Model(window, _ratio(network, window, raw), name=network.section.kind)


def check(network: Network) -> None:
    """Raises `EdgeOpsError` if the settings of the network are incomplete or contradictory."""
    kind = network.section.kind
    missing = [size for size in _SIZES[kind] if getattr(network.section, size) is None]
    if missing:
        raise EdgeOpsError(
            f"the network {kind} needs a size for {', '.join(missing)}",
            f"set {', '.join(_SIZES[kind])} under `network` in model.yaml",
        )
    if network.section.is_based and LOG_BASE not in network.features:
        raise EdgeOpsError(
            f"the output base-times-exp needs the feature `{LOG_BASE}`",
            f"add `{LOG_BASE}` to the features, or use `output: level`",
        )
    low, high = network.section.clip
    if not low < high:
        raise EdgeOpsError(
            f"`clip` goes from {low:g} to {high:g}", "give the smaller number first: [-4, 3]"
        )
    if list(network.quantiles) != sorted(network.quantiles):
        raise EdgeOpsError(
            f"the quantiles {', '.join(map(str, network.quantiles))} are not in ascending order",
            "sort `network.quantiles` in model.yaml",
        )


def _sequence_lstm(network: Network, scaled: Any) -> Any:
    """An LSTM encoder, then a bidirectional LSTM decoder: n x steps ahead x quantiles."""
    from keras import layers

    section, dropout = network.section, network.section.dropout
    hidden = layers.SpatialDropout1D(section.input_dropout)(scaled)
    hidden = layers.GaussianNoise(section.noise)(hidden)
    past = layers.LSTM(section.encoder, name="encoder")(hidden)
    past = layers.Dropout(dropout)(past)
    everywhere = layers.RepeatVector(network.steps)(past)
    ahead = layers.Concatenate()([hidden, everywhere])
    ahead = layers.Bidirectional(
        layers.LSTM(section.decoder, return_sequences=True, name="lstm"), name="decoder"
    )(ahead)
    ahead = layers.Dropout(dropout)(ahead)
    ahead = layers.Concatenate()([ahead, hidden, everywhere])
    head = layers.Dense(section.head, section.activation, name="head")(ahead)
    head = layers.Dropout(dropout)(head)
    out = layers.Dense(len(network.quantiles), name="out")(head)
    first, last = min(network.steps_ahead) - 1, max(network.steps_ahead)
    return out[:, first:last]


def _article_lstm(network: Network, scaled: Any) -> Any:
    """One LSTM over the window and a dense layer: n x steps ahead x quantiles."""
    from keras import layers

    hidden = layers.LSTM(network.section.encoder, name="encoder")(scaled)
    hidden = layers.Dropout(network.section.dropout)(hidden)
    count = len(network.steps_ahead), len(network.quantiles)
    out = layers.Dense(count[0] * count[1], name="out")(hidden)
    return layers.Reshape(count)(out)


def _ratio(network: Network, window: Any, raw: Any) -> Any:
    """The ratios, n x steps ahead x quantiles, in ascending order by construction."""
    from keras import ops

    middle = network.quantiles.index(0.5)
    parts = [raw[:, :, middle : middle + 1]]
    for index in range(middle + 1, len(network.quantiles)):
        parts.append(parts[-1] + ops.softplus(raw[:, :, index : index + 1] - NARROW))
    for index in range(middle - 1, -1, -1):
        parts.insert(0, parts[0] - ops.softplus(raw[:, :, index : index + 1] - NARROW))
    z = ops.concatenate(parts, axis=-1) if len(parts) > 1 else parts[0]
    if not network.section.is_based:
        return z
    low, high = network.section.clip
    base = [step - 1 for step in network.steps_ahead]
    column = network.features.index(LOG_BASE)
    log_base = window[:, base[0] : base[-1] + 1, column : column + 1]
    return ops.exp(log_base + ops.clip(z, low, high))
