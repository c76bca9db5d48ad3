"""Tiny ONNX models in a slot, and a forecaster that runs them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx
import pytest
from onnx import TensorProto, helper

from edgeops.digest import digest_of_files
from edgeops.files import CACHE
from edgeops.jsonvalue import JsonObject
from edgeops.modules.forecaster.desired import ForecasterSettings
from edgeops.modules.forecaster.forecaster import Forecaster
from edgeops.modules.forecaster.live import LiveQuality
from edgeops.modules.forecaster.model import Keeper, load_model
from edgeops.modules.forecaster.observations import HOUR
from edgeops.modules.forecaster.recorder import Recorder
from edgeops.modules.forecaster.shadow import ShadowModel
from edgeops.modules.forecaster.status import iso
from edgeops.modules.runtime.slots import (
    CurrentModel,
    pointer_to,
    read_current,
    write_current,
    write_pointer,
)

SLOT = "crowdedness"


def mean_model(
    *,
    inputs: tuple[str, ...] = ("east", "west"),
    steps: int = 3,
    horizon: int = 2,
    quantiles: tuple[float, ...] = (0.1, 0.5),
    factor: float = 1.0,
    columns: int | None = None,
    says: Mapping[str, str] | None = None,
) -> bytes:
    """A model that forecasts the mean of the window times a factor, for each hour and quantile.

    `says` is metadata other than the true one; `columns` another width than the metadata says.
    """
    shape = [1, steps, len(inputs) if columns is None else columns]
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["window"], ["mean"], axes=[1, 2], keepdims=1),
            helper.make_node("Mul", ["mean", "factor"], ["scaled"]),
            helper.make_node("Tile", ["scaled", "repeats"], ["forecast"]),
        ],
        "mean",
        [helper.make_tensor_value_info("window", TensorProto.FLOAT, shape)],
        [
            helper.make_tensor_value_info(
                "forecast", TensorProto.FLOAT, [1, horizon, len(quantiles)]
            )
        ],
        [
            helper.make_tensor("factor", TensorProto.FLOAT, [], [factor]),
            helper.make_tensor("repeats", TensorProto.INT64, [3], [1, horizon, len(quantiles)]),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    properties = {
        "inputs": json.dumps(inputs),
        "window_steps": str(steps),
        "horizon": str(horizon),
        "quantiles": json.dumps(quantiles),
        "window": "raw",
    }
    helper.set_model_props(model, properties | dict(says or {}))
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


@dataclass(frozen=True)
class Storage:
    """The folder that model_loader and forecaster share."""

    root: Path

    def put_files(self, files: Mapping[str, bytes]) -> CurrentModel:
        """Let the slot hold a model of several files, the main one first."""
        listed = [
            (name, len(data), hashlib.sha256(data).hexdigest()) for name, data in files.items()
        ]
        digest = digest_of_files(listed)
        folder = self.root / SLOT / digest[:16]
        folder.mkdir(parents=True)
        for name, data in files.items():
            (folder / name).write_bytes(data)
        paths = {name: folder / name for name in files}
        main = next(iter(paths.values()))
        size = sum(map(len, files.values()))
        current = CurrentModel(SLOT, main, "m", "1.0.0", digest, "", size, "onnx", "", paths)
        write_pointer(current.folder, pointer_to(current, listed))
        return current

    def put(self, data: bytes, version: str = "1.0.0", **changes: Any) -> CurrentModel:
        """Let the slot hold this model, as model_loader does."""
        folder = self.root / SLOT
        folder.mkdir(exist_ok=True)
        path = folder / f"model-{version}.onnx"
        path.write_bytes(data)
        values = {
            "slot": SLOT,
            "path": path,
            "name": "mean",
            "version": version,
            "sha256": hashlib.sha256(data).hexdigest(),
            "md5": "",
            "size": len(data),
            "format": "onnx",
            "since": "2026-01-01T00:00:00Z",
        }
        current = CurrentModel(**(values | changes))
        write_current(current)
        return current


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path)


@pytest.fixture
def model() -> Callable[..., bytes]:
    return mean_model


class Later(Executor):
    """Runs what was submitted when the test says so."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Future[Any], Callable[[], Any]]] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.waiting.append((future, lambda: fn(*args, **kwargs)))
        return future

    def run(self) -> None:
        for future, call in self.waiting:
            try:
                future.set_result(call())
            except Exception as error:
                future.set_exception(error)
        self.waiting.clear()


@pytest.fixture
def later() -> Later:
    return Later()


class AtOnce(Executor):
    """Does what is submitted before `submit` returns."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        later = Later()
        future = later.submit(fn, *args, **kwargs)
        later.run()
        return future


class Device:
    """A forecaster without a hub that lives hour by hour; what it observes is in `values`."""

    def __init__(self, storage: Storage, device: str = "d1", **settings: Any) -> None:
        self.storage = storage
        self.device = device
        self.settings = ForecasterSettings(SLOT, **settings)
        self.now = 0.0
        self.start()

    def start(self) -> None:
        """Start, or start again with what is on disk."""
        root, now = self.storage.root, AtOnce()
        self.recorder = Recorder(root, CACHE)
        self.live = LiveQuality(root, ShadowModel(root, load_model, now), self.device, CACHE)
        self.recorder.open()
        self.live.open()
        keeper = Keeper(root, load_model, now)
        self.forecaster = Forecaster(self.recorder, keeper, lambda: self.now, None, self.live)
        self.forecaster.settings = self.settings
        self._seen: CurrentModel | None = None

    def observe(self, first: int, *values: float, name: str = "east") -> None:
        """The values of hours of UTC, from the first on."""
        items = [
            {"timestamp": iso(hour * HOUR), "values": {name: float(value)}}
            for hour, value in enumerate(values, start=first)
        ]
        self.recorder.take(json.dumps(items))

    def turn(self, now: float) -> JsonObject | None:
        """What the module does in one turn; gives the forecast."""
        self.now = now
        forecast = None
        current = read_current(self.storage.root, SLOT)
        for _ in range(1 if current == self._seen else 2):  # it is in use from the second look on
            forecast = self.forecaster.step(now) or forecast
            self.forecaster.follow_up(now)
        self._seen = current
        return forecast

    def live_through(self, first: int, values: Sequence[float], name: str = "east") -> None:
        """One hour after the other, from the first hour of UTC on."""
        for hour, value in enumerate(values, start=first):
            self.observe(hour, value, name=name)
            self.turn((hour + 1) * HOUR + 30)

    @property
    def quality(self) -> JsonObject:
        """What it reports of its quality."""
        said: JsonObject = self.forecaster.reported().get("quality", {})
        return said


@pytest.fixture
def device(storage: Storage) -> Device:
    return Device(storage)
