"""The model before: it goes on forecasting for a while, so that both can be compared."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path

from edgeops.modules.forecaster.live_state import UsedModel
from edgeops.modules.forecaster.model import LoadedModel
from edgeops.modules.runtime.slots import CurrentModel, model_of

SHADOW_SECONDS = 28 * 86400  # how long it goes on


class ShadowModel:
    """Gives the model before, as it is still in memory or in the folder of its slot.

    A file is read only where the pointer of the slot once said it was, and used only
    if it still has the digest.
    """

    def __init__(
        self, storage: Path, load: Callable[[CurrentModel], LoadedModel], executor: Executor
    ) -> None:
        self._storage = storage
        self._load = load
        self._executor = executor
        self._wanted: UsedModel | None = None
        self._model: LoadedModel | None = None
        self._running: Future[LoadedModel] | None = None

    def put(self, model: LoadedModel) -> None:
        """This one was in use until now."""
        self._model = model

    def get(self, wanted: UsedModel | None) -> LoadedModel | None:
        """The model, once it is loaded; None where it cannot be, which is not tried again."""
        if wanted != self._wanted:
            self._wanted, self._running = wanted, None
            if wanted is None or self._model is None or self._model.sha256 != wanted.key.model:
                self._model = None
                current = wanted and model_of(self._storage, wanted.slot, wanted.pointer)
                if wanted and current and current.sha256 == wanted.key.model:
                    self._running = self._executor.submit(self._load, current)
        if self._running is not None and self._running.done():
            running, self._running = self._running, None
            if running.exception() is None:
                self._model = running.result()
        return self._model
