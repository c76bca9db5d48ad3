"""The model in use: loaded from its slot, proven to run, replaced when the slot changes."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgeops.digest import digest_of_files
from edgeops.features.series import FloatArray
from edgeops.features.unit import values_of
from edgeops.modules.forecaster.metadata import ModelError, ModelMetadata, parse_metadata
from edgeops.modules.forecaster.windows import WINDOW_MAKERS, Window, WindowMaker
from edgeops.modules.runtime.onnx_fault import onnx_reason
from edgeops.modules.runtime.slots import CurrentModel, read_current

RETRY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model in use; `sha256` is of the very bytes that were loaded."""

    slot: str
    name: str
    version: str
    sha256: str
    metadata: ModelMetadata
    window_maker: WindowMaker
    _session: Any

    def forecast(self, window: Window) -> FloatArray:
        """The forecast: a row for each step after the window, a column for each of the `shares`.

        Raises `ModelError` when the model fails or gives no finite numbers.
        """
        rows = _run(self._session, self.metadata, window.values)
        if not np.isfinite(rows).all():
            raise ModelError("NotFinite", "the model gives values that are not finite numbers")
        if self.metadata.output == "ratio":
            rows = values_of(window.scale * rows, window.unit)
        return rows[:, np.argsort(self.metadata.quantiles)]


def load_model(current: CurrentModel) -> LoadedModel:
    """The model that a slot holds, checked against its own metadata and warmed up.

    Raises `ModelError`.
    """
    if current.format not in ("onnx", ""):  # empty: the twin does not say
        raise ModelError("UnsupportedFormat", f"cannot run a model in the format {current.format}")
    try:
        data = {name: path.read_bytes() for name, path in current.files.items()}
    except OSError as error:
        raise ModelError("NotReadable", f"cannot read the model: {error.strerror}") from error
    sha256 = _digest(data)
    if sha256 != current.sha256:
        raise ModelError("ChecksumMismatch", "the model file is not what the slot says it is")
    session = _session(next(iter(data.values())), current.path.parent)
    metadata = parse_metadata(session.get_modelmeta().custom_metadata_map)
    if metadata.window not in WINDOW_MAKERS:
        raise ModelError("BadMetadata", f"no kind of window is called {metadata.window[:64]}")
    maker = WINDOW_MAKERS[metadata.window](metadata)
    _check_shape(session, metadata)
    _warm_up(session, metadata)
    return LoadedModel(
        current.slot, current.name, current.version, sha256, metadata, maker, session
    )


def _digest(files: Mapping[str, bytes]) -> str:
    """As the slot says it: of the only file, or of all."""
    listed = [(name, len(data), hashlib.sha256(data).hexdigest()) for name, data in files.items()]
    return listed[0][2] if len(listed) == 1 else digest_of_files(listed)


def _session(data: bytes, folder: Path) -> Any:
    """A session of a model, whose weights may be in other files of the folder."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.add_session_config_entry(
        "session.model_external_initializers_file_folder_path", str(folder)
    )
    options.intra_op_num_threads = 1  # a device has other work; one forecast takes under 1 ms
    options.log_severity_level = 4  # what is wrong is reported, not printed
    try:
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has no common class for its errors
        raise ModelError(
            "LoadFailed", f"onnxruntime cannot load the model: {onnx_reason(str(error))}"
        ) from error


def _check_shape(session: Any, metadata: ModelMetadata) -> None:
    inputs = session.get_inputs()
    want = (metadata.window_steps, len(metadata.inputs))
    if len(inputs) != 1 or inputs[0].type != "tensor(float)" or len(inputs[0].shape) != 3:
        raise ModelError("InputShape", "the model must have one input: batch x hours x columns")
    batch, *sizes = inputs[0].shape
    fits = all(
        not isinstance(has, int) or has == wants for has, wants in zip(sizes, want, strict=True)
    )
    if not fits or (isinstance(batch, int) and batch != 1):
        raise ModelError(
            "InputShape",
            f"the model takes {_shape(inputs[0].shape)}, not {_shape((1, *want))} as it says",
        )


def _warm_up(session: Any, metadata: ModelMetadata) -> None:
    _run(session, metadata, np.ones((metadata.window_steps, len(metadata.inputs)), np.float32))


def _run(session: Any, metadata: ModelMetadata, window: np.ndarray) -> FloatArray:
    """A row of quantiles for each hour of the horizon."""
    try:
        output = session.run(None, {session.get_inputs()[0].name: window[None]})[0]
    except Exception as error:  # as above
        raise ModelError("RunFailed", f"the model cannot run: {onnx_reason(str(error))}") from error
    want = (metadata.horizon, len(metadata.quantiles))
    if output.size != math.prod(want) or output.shape[0] != 1 or output.shape[1] != want[0]:
        raise ModelError(
            "OutputShape",
            f"the model gives {_shape(output.shape)}, not {_shape((1, *want))} as it says",
        )
    rows: FloatArray = output.reshape(want).astype(np.float64)
    return rows


def _shape(sizes: Sequence[Any]) -> str:
    return " x ".join(map(str, sizes))


class Keeper:
    """Loads what the slot points to in the background, then switches to it.

    `model` is the one in use; `error` says why the one that the slot points
    to, of the digest `failed`, is not it. `loading` is whether another one is on its way.
    """

    def __init__(
        self,
        storage: Path,
        load: Callable[[CurrentModel], LoadedModel],
        executor: Executor,
    ) -> None:
        self.model: LoadedModel | None = None
        self.error: ModelError | None = None
        self.failed: str | None = None
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
        self.model = self.error = self.failed = None

    def _take_over(self, finished: Future[LoadedModel]) -> None:
        self._running = None
        error = finished.exception()
        self.failed = self._tried.sha256 if error and self._tried else None
        if error is None:
            self.model, self.error = finished.result(), None
        elif isinstance(error, ModelError):
            self.error = error
        else:
            self.error = ModelError("LoadFailed", f"{type(error).__name__} while loading")
