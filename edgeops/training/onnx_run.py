"""Runs an ONNX model on samples, as devices do."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from edgeops.errors import EdgeOpsError
from edgeops.features.series import FloatArray
from edgeops.features.spec import Unit
from edgeops.features.unit import values_of
from edgeops.plain_file import read_plain
from edgeops.training.forecasts import Forecasts
from edgeops.training.samples import Samples
from edgeops.training.training_data import FloatTensor
from edgeops.translate import doing

_AGAIN = "train the model again, or restore the published file"
MAX_BYTES = 2**31 - 1  # the limit of a protocol buffer


class OnnxModel:
    """A model file or its bytes, loaded by onnxruntime with one thread; `name` is for messages.

    Raises `EdgeOpsError` for anything but a working ONNX model, and for a model
    with weights in other files: their paths could name any file of this machine.
    """

    def __init__(self, model: Path | bytes, name: str = "the model") -> None:
        if isinstance(model, Path):
            name = str(model)
            with doing(f"read {name}", _AGAIN):
                model = read_plain(model.parent, model.name, MAX_BYTES)
        _check_whole(model, name)
        self._name = name
        self._session = _session(model, name)

    @property
    def metadata(self) -> dict[str, str]:
        """The metadata of the model."""
        properties: dict[str, str] = self._session.get_modelmeta().custom_metadata_map
        return properties

    def ratio(self, windows: FloatTensor, batch: int = 1) -> FloatTensor:
        """The ratios to the scale: n x horizon x quantiles.

        The default is one window at a time, as on devices: 8-bit models round
        the windows of a batch together, so their forecasts depend on the batch.
        """
        batches = range(0, len(windows), batch)
        try:
            name = self._session.get_inputs()[0].name
            parts = [self._session.run(None, {name: windows[at : at + batch]})[0] for at in batches]
            return np.concatenate(parts)
        except Exception as error:  # onnxruntime has no common class for its errors
            raise EdgeOpsError(
                f"{self._name} cannot run on windows of the shape {windows.shape[1:]}",
                "if it is a model of this kind, train and publish it again",
            ) from error

    def forecasts(self, samples: Samples, quantiles: tuple[float, ...]) -> Forecasts:
        """The forecasts of samples in their own unit, within its bounds."""
        values = of_ratio(self.ratio(samples.windows), samples.scale, samples.unit)
        return samples.forecasts(values, quantiles)

    def milliseconds(self, window: FloatTensor, rounds: int = 500) -> float:
        """The median time of one forecast; `window` has the shape 1 x steps x features."""
        return median_milliseconds(lambda: self.ratio(window), rounds)


def _check_whole(model: bytes, name: str) -> None:
    import onnx

    try:
        parsed = onnx.load_model_from_string(model)
    except Exception as error:  # protobuf has no common class for its errors
        raise EdgeOpsError(f"{name} is not an ONNX model", _AGAIN) from error
    for part in _parts(parsed):
        if isinstance(part, onnx.TensorProto) and (part.data_location or part.external_data):
            raise EdgeOpsError(
                f"{name} has weights in other files",
                "export it as a single file: paths in a model could name any file of a machine",
            )


def _parts(message: Any) -> Iterator[Any]:
    """All nested messages: tensors can be in graphs, attributes and functions."""
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
    # Only the checked format is read: the bytes must not be taken for onnxruntime's own format.
    options.add_session_config_entry("session.load_model_format", "ONNX")
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has no common class for its errors
        raise EdgeOpsError(f"onnxruntime cannot load {name}", _AGAIN) from error


def of_ratio(ratio: FloatTensor, scale: FloatArray, unit: Unit) -> FloatArray:
    """The values of ratios (n x horizon x quantiles); `scale` has the shape (n,)."""
    return values_of(ratio.astype(np.float64) * scale[:, None, None], unit)


def median_milliseconds(call: Callable[[], object], rounds: int) -> float:
    """The median time of a call."""
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return float(np.median(times) * 1000)
