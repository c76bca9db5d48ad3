"""A forecaster without a hub: what a device would say to what it is told, step by step."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

from edgeops.digest import digest_file
from edgeops.jsonvalue import JsonObject
from edgeops.modules.forecaster.context_keeper import ContextKeeper
from edgeops.modules.forecaster.desired import ForecasterSettings
from edgeops.modules.forecaster.forecaster import Forecaster
from edgeops.modules.forecaster.hours import NotReady
from edgeops.modules.forecaster.margins_of_day import key_of
from edgeops.modules.forecaster.metadata import ModelError
from edgeops.modules.forecaster.model import Keeper, LoadedModel, load_model
from edgeops.modules.forecaster.recorder import Recorder
from edgeops.modules.forecaster.status import iso
from edgeops.modules.runtime.slots import CurrentModel, write_current
from edgeops.quality.kept import KeptForecasts

SLOT = "forecast"
_MESSAGE = 128 * 1024  # characters; the largest row is far below what a device takes besides


class Rehearsal:
    """The forecaster of one device with a model in its slot, on an empty storage.

    `recorder` and `context` take what a device takes. `series` is the one to
    forecast, for a model of any one; `clock` is that of the recorder. Raises
    `ModelError` for a model that a device would refuse.
    """

    def __init__(
        self,
        storage: Path,
        model: Path,
        *,
        name: str = "",
        version: str = "",
        series: str | None = None,
        clock: Callable[[], float] = lambda: math.inf,
    ) -> None:
        self.recorder = Recorder(storage, clock=clock)
        self.context = ContextKeeper(storage)
        keeper = Keeper(storage, load_model, _AtOnce())
        _put(storage, model, name, version)
        for _ in range(2):  # it is loaded by the first look, and in use from the second on
            keeper.poll(SLOT, 0.0)
        if keeper.model is None:
            raise keeper.error or ModelError("NotReadable", "the slot cannot be read")
        self.model: LoadedModel = keeper.model
        self._forecaster = Forecaster(self.recorder, keeper, lambda: 0.0, self.context)
        self._forecaster.settings = ForecasterSettings(SLOT, series=series)

    def tell(self, rows: Iterable[tuple[int, Mapping[str, float]]]) -> None:
        """Tell it rows (a moment, and the value of each series; NaN is a gap), many a message."""
        items: list[str] = []
        size = 0
        for moment, values in rows:
            known = {name: None if value != value else value for name, value in values.items()}
            items.append(json.dumps({"timestamp": iso(moment), "values": known}))
            size += len(items[-1]) + 2
            if size > _MESSAGE:
                self.recorder.take(f"[{', '.join(items)}]")
                items, size = [], 0
        if items:
            self.recorder.take(f"[{', '.join(items)}]")

    def remember(self, kept: KeptForecasts) -> None:
        """Let the model have made these forecasts of its series, and no others.

        Its margins follow them, as on a device that made them; of more than `MOST_ORIGINS`,
        the newest count. What is forecast here is not added. Raises `NotReady` where nobody
        says which series it forecasts.
        """
        key = key_of(self.model, self.recorder.history, self._forecaster.settings.series)
        self._forecaster.live.remember(key, kept)

    @property
    def of_context(self) -> str | None:
        """What it reports of the context of the newest forecast: how old, what is missing."""
        said: str | None = self._forecaster.reported().get("context", {}).get("message")
        return said

    def forecast(self, now: float) -> JsonObject:
        """The telemetry of the forecast that is made now; each `now` is in an hour of its own.

        Raises `NotReady` where none is, `ModelError` where the model fails.
        """
        telemetry = self._forecaster.step(now)
        if telemetry is not None:
            return telemetry
        said = self._forecaster.reported()["model"]
        if "error" in said:
            raise ModelError(said["error"]["code"], said["error"]["message"])
        raise NotReady(said.get("reason", "no forecast is due"))


class _AtOnce(Executor):
    """Does what is submitted before `submit` returns."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except ModelError as error:
            future.set_exception(error)
        return future


def _put(storage: Path, model: Path, name: str, version: str) -> None:
    path = storage / SLOT / "model.onnx"
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(model, path)
    sha256, size = digest_file(path).sha256, path.stat().st_size
    write_current(CurrentModel(SLOT, path, name, version, sha256, "", size, "onnx", ""))
