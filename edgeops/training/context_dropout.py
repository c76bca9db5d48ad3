"""Hides what is known ahead in some training windows, so that a network learns to do without.

On a device, context is missing from some hour on, where the last delivery ends, or as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from edgeops.features.known import KNOWN, is_known_ahead
from edgeops.features.spec import WindowSpec
from edgeops.training.training_data import FloatTensor

_SHARE = 0.2  # a network that is told what is known has to meet what is not


def share_of(said: float | None, features: Iterable[str]) -> float:
    """The share of the windows that lose context: as `training.contextDropout` says.

    Where it says nothing, a fifth if a feature such as `known:weather:rain` tells the network.
    """
    if said is not None:
        return said
    return _SHARE if any(name.startswith(KNOWN) for name in features) else 0.0


def context_of(spec: WindowSpec) -> tuple[tuple[int, float], ...]:
    """The `context` of training data: column and value for each feature of what is known ahead."""
    return tuple(
        (column, spec.unknown_values.get(name, 0.0))
        for column, name in enumerate(spec.features)
        if is_known_ahead(name.removeprefix(KNOWN))
    )


def hidden_from(count: int, steps: int, share: float, seed: tuple[int, ...]) -> NDArray[np.int64]:
    """The row from which on each of `count` windows has no context; `steps` for none.

    It is hidden in a `share` of the windows; in half of these as a whole. The same seed
    hides the same.
    """
    random = np.random.default_rng(seed)
    hides, whole = random.random(count) < share, random.random(count) < 0.5
    first = np.where(whole, 0, random.integers(0, steps, count))
    return np.where(hides, first, steps)


def hidden(
    windows: FloatTensor, first: NDArray[np.int64], context: Iterable[tuple[int, float]]
) -> FloatTensor:
    """The windows with no context from the row `first` of each on."""
    gone = np.arange(windows.shape[1]) >= first[:, None]
    result = windows.copy()
    for column, value in context:
        result[:, :, column][gone] = value
    return result
