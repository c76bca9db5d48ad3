"""From trained networks to the ONNX model of devices: merged, calibrated, quantised, checked."""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from edgeops.errors import EdgeOpsError
from edgeops.features.spec import WindowSpec
from edgeops.features.spec_json import to_json
from edgeops.quality.margins import margin
from edgeops.training.fitted import Fitted
from edgeops.training.network import Network
from edgeops.training.onnx_graph import Graph, serialized
from edgeops.training.onnx_network import add_network, add_ratio
from edgeops.training.onnx_run import OnnxModel
from edgeops.training.training_data import Examples, FloatTensor

_BATCH = 512  # for 32-bit models, whose forecasts do not depend on the batch


def assemble(
    network: Network, fitted: Sequence[Fitted], properties: Mapping[str, str], outward: float = 0.0
) -> bytes:
    """One ONNX model of all networks: seeds averaged (before `exp`), horizons concatenated.

    `network` has all steps ahead. `properties` are the metadata; `outward` is
    the margin of the calibration.
    """
    graph = Graph()
    by_steps: dict[tuple[int, ...], list[Fitted]] = {}
    for result in sorted(fitted, key=lambda result: (result.job.steps_ahead, result.job.seed)):
        by_steps.setdefault(result.job.steps_ahead, []).append(result)
    parts = [
        _mean(graph, replace(network, steps_ahead=steps), seeds)
        for steps, seeds in by_steps.items()
    ]
    z = parts[0] if len(parts) == 1 else graph.add("Concat", *parts, axis=1)
    ratio = add_ratio(graph, network, z, outward)
    size = (len(network.steps_ahead), len(network.quantiles))
    return graph.finish(ratio, (network.steps, len(network.features)), size, properties)


def _mean(graph: Graph, network: Network, seeds: Sequence[Fitted]) -> str:
    outputs = [add_network(graph, network, fitted) for fitted in seeds]
    if len(outputs) == 1:
        return outputs[0]
    total = graph.add("Sum", *outputs)
    return graph.add("Mul", total, graph.constant(np.array(1 / len(outputs), np.float32)))


def calibration(
    network: Network, fitted: Sequence[Fitted], validation: Examples, coverage: float
) -> float:
    """The margin for `assemble` that reaches `coverage` on the validation windows."""
    ratio = OnnxModel(assemble(network, fitted, {})).ratio(validation.windows, _BATCH)
    truth = validation.ratio.astype(np.float64)
    low, high = ratio[:, :, 0].astype(np.float64), ratio[:, :, -1].astype(np.float64)
    if network.section.is_based:
        truth, low, high = np.log(truth), np.log(low), np.log(high)
    return margin(np.maximum(low - truth, truth - high), coverage)


def quantized(model: bytes) -> bytes:
    """The model with 8-bit weights (dynamic quantisation by onnxruntime), metadata kept."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.onnx")
        small = Path(folder, "small.onnx")
        path.write_bytes(model)
        with _no_warnings():
            quantize_dynamic(path, small, weight_type=QuantType.QInt8)
        int8 = onnx.load(small)
    int8.producer_name = "edgeops"
    properties = {item.key: item.value for item in onnx.load_from_string(model).metadata_props}
    onnx.helper.set_model_props(int8, properties)  # onnxruntime adds its own
    return serialized(int8)


@contextmanager
def _no_warnings() -> Iterator[None]:
    """Silences the advice to preprocess graphs first, which these graphs do not need."""
    logger = logging.getLogger()
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def parity(network: Network, fitted: Sequence[Fitted], windows: FloatTensor, data: bytes) -> float:
    """The largest difference between the median ratios of an ONNX model and of Keras.

    Calibration does not change the median. `windows`: n x steps x features.
    """
    from edgeops.training.predict import keras_ratio

    middle = network.quantiles.index(0.5)
    expected = keras_ratio(network, fitted, windows)[:, :, middle]
    exported = OnnxModel(data).ratio(windows, _BATCH)[:, :, middle]
    return float(np.max(np.abs(exported - expected)))


def check_parity(difference: float, limit: float) -> None:
    """Raises `EdgeOpsError` when the exported model differs from the trained one."""
    if not difference <= limit:
        raise EdgeOpsError(
            f"the exported model differs from Keras by {difference:.1e}; the limit is {limit:.1e}",
            "this is a bug of the export: please report it with the model file",
        )


def metadata(
    name: str,
    model_file: str,
    spec: WindowSpec,
    quantiles: Sequence[float],
    attribution: str,
    unit: str = "",
) -> dict[str, str]:
    """The metadata of a model for the forecaster; values are JSON, except `window` and `output`."""
    return {
        "name": json.dumps(name),
        "model_file": json.dumps(model_file),
        "window": "features",
        "window_spec": json.dumps(to_json(spec), separators=(",", ":")),
        "inputs": json.dumps(spec.features, separators=(",", ":")),
        "window_steps": json.dumps(spec.steps),
        "horizon": json.dumps(spec.horizon),
        "interval_hours": json.dumps(spec.interval),
        "quantiles": json.dumps(quantiles),
        "output": "ratio",
        "attribution": json.dumps(attribution),
        **({"unit": json.dumps(unit)} if unit else {}),
    }
