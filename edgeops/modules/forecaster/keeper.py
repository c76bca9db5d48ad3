"""The model in use: follows the pointer of its slot, and never lets go of a model that works."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path

from edgeops.modules.forecaster.metadata import ModelError
from edgeops.modules.forecaster.model import LoadedModel
from edgeops.modules.runtime.slots import CurrentModel, read_current

RETRY_SECONDS = 60.0


class Keeper:
    """Loads what the slot points to in the background, then switches to it.

    `model` is the one in use; `error` says why the one that the slot points
    to is not it. `loading` is whether another one is on its way.
    """

    def __init__(
        self,
        storage: Path,
        load: Callable[[CurrentModel], LoadedModel],
        executor: Executor,
    ) -> None:
        self.model: LoadedModel | None = None
        self.error: ModelError | None = None
        self._storage = storage
        self._load = load
        self._executor = executor
        self._slot: str | None = None
        self._tried: CurrentModel | None = None
        self._tried_at = 0.0
        self._running: Future[LoadedModel] | None = None

    @property
    def loading(self) -> bool:
        """Whether a model is being loaded now."""
        return self._running is not None

    def poll(self, slot: str | None, now: float) -> None:
        """Look at the pointer, take over what has been loaded, start to load what is new.

        `now` is in seconds of any steady clock.
        """
        if slot != self._slot:
            self._forget(slot)
        if self._running is not None:
            if not self._running.done():
                return
            self._take_over(self._running)
        current = read_current(self._storage, slot) if slot else None
        if current is None:
            return
        again = self.error is not None and now - self._tried_at >= RETRY_SECONDS
        if current != self._tried or again:
            self._tried, self._tried_at = current, now
            self._running = self._executor.submit(self._load, current)

    def _forget(self, slot: str | None) -> None:
        # A model of another slot forecasts something else: better none.
        self._slot, self._tried, self._running = slot, None, None
        self.model = self.error = None

    def _take_over(self, finished: Future[LoadedModel]) -> None:
        self._running = None
        error = finished.exception()
        if error is None:
            self.model, self.error = finished.result(), None
        elif isinstance(error, ModelError):
            self.error = error
        else:
            self.error = ModelError("LoadFailed", f"{type(error).__name__} while loading")
