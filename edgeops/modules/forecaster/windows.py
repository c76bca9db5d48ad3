"""Windows: from hourly observations to what a model takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from edgeops.modules.forecaster.history import History
from edgeops.modules.forecaster.metadata import ModelMetadata

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """What a model takes, and what it takes to read what it gives.

    `values` has a row a step and a column an input (float32). `hours` are
    those at which the steps ahead begin, and the last one ends; they count
    from 1970 in UTC. `scale` turns a ratio into a count.
    """

    values: np.ndarray
    hours: tuple[int, ...]
    scale: float = 1.0


class Windows(Protocol):
    """Makes the windows of one model. A step is `interval` hours."""

    interval: int

    def window(self, history: History, series: str | None, now: float) -> Window:
        """The newest window; `series` is the one to forecast where a model is for any one.

        Raises `NotReady` when the history does not give it, `ModelError` when
        it cannot be made.
        """


class RawWindows:
    """The observations themselves, with short gaps bridged."""

    interval = 1

    def __init__(self, metadata: ModelMetadata) -> None:
        self._metadata = metadata

    def window(self, history: History, series: str | None, now: float) -> Window:  # noqa: ARG002
        """The newest hours of the inputs that the model names."""
        import numpy as np

        said = self._metadata
        recent = history.recent(said.inputs, said.window_steps, now)
        values = np.array([recent.values[name] for name in said.inputs], dtype=np.float32).T
        first = recent.last_hour + 1
        return Window(values, tuple(range(first, first + said.horizon + 1)))
