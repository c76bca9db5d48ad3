"""Running an ONNX model over samples, as devices run it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from edgeops.errors import EdgeOpsError
from edgeops.features.series import FloatArray
from edgeops.plain_file import read_plain
from edgeops.training.forecasts import Forecasts
from edgeops.training.samples import Samples
from edgeops.training.training_data import FloatTensor

_AGAIN = "train the model again, or bring the published file back"
MAX_BYTES = 2**31 - 1  # of a model: a protocol buffer holds no more


class OnnxModel:
    """A model file or its bytes, loaded by onnxruntime with one thread; `name` is for messages.

    Raises `EdgeOpsError` for what is not an ONNX model that runs, and for one
    that is not whole: it may name other files of this machine as its weights.
    """

    def __init__(self, model: Path | bytes, name: str = "the model") -> None:
        if isinstance(model, Path):
            model, name = _content(model), str(model)
        _check_whole(model, name)
        self._name = name
        self._session = _session(model, name)

    @property
    def metadata(self) -> dict[str, str]:
        """What the model says of itself."""
        properties: dict[str, str] = self._session.get_modelmeta().custom_metadata_map
        return properties

    def ratio(self, windows: FloatTensor, batch: int = 1) -> FloatTensor:
        """The ratios to the scale: n x horizon x quantiles.

        One window at a time, as a device runs it: with 8-bit weights the
        windows of a batch are rounded together, and the forecasts depend on it.
        """
        batches = range(0, len(windows), batch)
        try:
            name = self._session.get_inputs()[0].name
            parts = [self._session.run(None, {name: windows[at : at + batch]})[0] for at in batches]
            return np.concatenate(parts)
        except Exception as error:  # onnxruntime has no common class for its errors
            raise EdgeOpsError(
                f"{self._name} cannot run on windows of the shape {windows.shape[1:]}",
                "is it a model of this kind? train and publish it again",
            ) from error

    def forecasts(self, samples: Samples, quantiles: tuple[float, ...]) -> Forecasts:
        """The forecasts of samples in counts, never below 0."""
        return samples.forecasts(counts(self.ratio(samples.windows), samples.scale), quantiles)

    def milliseconds(self, window: FloatTensor, rounds: int = 500) -> float:
        """The median time of one forecast; `window` has the shape (1, steps, features)."""
        times = []
        for _ in range(rounds):
            started = time.perf_counter()
            self.ratio(window)
            times.append(time.perf_counter() - started)
        return float(np.median(times) * 1000)


def _content(path: Path) -> bytes:
    try:
        return read_plain(path.parent, path.name, MAX_BYTES)
    except OSError as error:
        raise EdgeOpsError(f"cannot read {path}: {error.strerror}", _AGAIN) from error


def _check_whole(model: bytes, name: str) -> None:
    import onnx

    try:
        parsed = onnx.load_model_from_string(model)
    except Exception as error:  # of protobuf, which has several
        raise EdgeOpsError(f"{name} is not an ONNX model", _AGAIN) from error
    for part in _parts(parsed):
        if isinstance(part, onnx.TensorProto) and (part.data_location or part.external_data):
            raise EdgeOpsError(
                f"{name} keeps weights in other files, which it names by their paths",
                "export it as one file: such a model may read any file of a machine",
            )


def _parts(message: Any) -> Iterator[Any]:
    """All messages in a message: tensors stand in graphs, attributes, functions."""
    for field, value in message.ListFields():
        if field.message_type is not None:
            for part in [value] if hasattr(value, "ListFields") else value:
                yield part
                yield from _parts(part)


def _session(model: bytes, name: str) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    # What was checked is what is read: nothing may pass for onnxruntime's own format.
    options.add_session_config_entry("session.load_model_format", "ONNX")
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has no common class for its errors
        raise EdgeOpsError(f"onnxruntime cannot load {name}", _AGAIN) from error


def counts(ratio: FloatTensor, scale: FloatArray) -> FloatArray:
    """Ratios (n x horizon x quantiles) as counts."""
    return np.maximum(ratio.astype(np.float64) * scale[:, None, None] - 1, 0)
