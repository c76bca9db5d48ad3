"""Running an ONNX model over samples, as devices run it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from edgeops.features.series import FloatArray
from edgeops.training.forecasts import Forecasts
from edgeops.training.lessons import FloatTensor
from edgeops.training.samples import Samples


class OnnxModel:
    """A model file or its bytes, loaded by onnxruntime with one thread."""

    def __init__(self, model: Path | bytes) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 4
        data = model if isinstance(model, bytes) else model.read_bytes()
        self._session: Any = onnxruntime.InferenceSession(
            data, options, providers=["CPUExecutionProvider"]
        )

    @property
    def metadata(self) -> dict[str, str]:
        """What the model says of itself."""
        found: dict[str, str] = self._session.get_modelmeta().custom_metadata_map
        return found

    def ratio(self, windows: FloatTensor, batch: int = 1) -> FloatTensor:
        """The ratios to the scale: n x horizon x quantiles.

        One window at a time, as a device runs it: with 8-bit weights the
        windows of a batch are rounded together, and the forecasts depend on it.
        """
        name = self._session.get_inputs()[0].name
        batches = range(0, len(windows), batch)
        parts = [self._session.run(None, {name: windows[at : at + batch]})[0] for at in batches]
        return np.concatenate(parts)

    def forecasts(self, samples: Samples, quantiles: tuple[float, ...]) -> Forecasts:
        """The forecasts of samples in counts, never below 0."""
        return Forecasts(
            samples.series,
            samples.origins,
            samples.actual,
            counts(self.ratio(samples.windows), samples.scale),
            quantiles,
            samples.interval,
        )

    def milliseconds(self, window: FloatTensor, rounds: int = 500) -> float:
        """The median time of one forecast; `window` has the shape (1, steps, features)."""
        times = []
        for _ in range(rounds):
            started = time.perf_counter()
            self.ratio(window)
            times.append(time.perf_counter() - started)
        return float(np.median(times) * 1000)


def counts(ratio: FloatTensor, scale: FloatArray) -> FloatArray:
    """Ratios (n x horizon x quantiles) as counts."""
    return np.maximum(ratio.astype(np.float64) * scale[:, None, None] - 1, 0)
