"""Window builders: from hourly observations to what a model takes.

A model names its builder in its metadata; `WINDOWS` is all that there are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeops.modules.forecaster.history import Recent
from edgeops.modules.forecaster.metadata import ModelMetadata

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class WindowBuilder:
    """Which series and how many hours of them a model needs, and how they become its window.

    `build` gives an array of `window_steps` rows and a column an input.
    """

    series: Callable[[ModelMetadata], Sequence[str]]
    hours: Callable[[ModelMetadata], int]
    build: Callable[[ModelMetadata, Recent], np.ndarray]


def _raw(metadata: ModelMetadata, recent: Recent) -> np.ndarray:
    import numpy as np

    return np.array([recent.values[name] for name in metadata.inputs], dtype=np.float32).T


WINDOWS: Mapping[str, WindowBuilder] = {
    # The observations themselves.
    "raw": WindowBuilder(
        series=lambda metadata: metadata.inputs,
        hours=lambda metadata: metadata.window_steps,
        build=_raw,
    ),
}
