"""From trained networks to what devices run: one graph, calibrated, checked, quantised."""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeops.errors import EdgeOpsError
from edgeops.features.spec import WindowSpec
from edgeops.features.spec_json import to_json
from edgeops.training.calibrate import margin
from edgeops.training.fitted import Fitted
from edgeops.training.network import Shape
from edgeops.training.onnx_graph import Graph, serialized
from edgeops.training.onnx_network import add_network, add_ratio
from edgeops.training.onnx_run import OnnxModel
from edgeops.training.recipe import NetworkSection
from edgeops.training.training_data import Examples, FloatTensor

_BATCH = 512  # of 32-bit models, whose forecasts do not depend on it


@dataclass(frozen=True, slots=True)
class Plan:
    """What the graph is made of: the network of the model file, its whole shape, its metadata."""

    network: NetworkSection
    shape: Shape
    says: Mapping[str, str]


def assemble(plan: Plan, fitted: Sequence[Fitted], outward: float = 0.0) -> bytes:
    """One ONNX model of all networks: those of one horizon averaged, the horizons side by side.

    Seeds are averaged before `exp`. `outward` is the margin of calibration.
    """
    graph, shape = Graph(), plan.shape
    groups: dict[tuple[int, ...], list[Fitted]] = {}
    for one in sorted(fitted, key=lambda one: (one.job.steps_ahead, one.job.seed)):
        groups.setdefault(one.job.steps_ahead, []).append(one)
    parts = [_mean(graph, plan, steps, some) for steps, some in groups.items()]
    z = parts[0] if len(parts) == 1 else graph.add("Concat", *parts, axis=1)
    ratio = add_ratio(graph, plan.network, shape, z, outward)
    size = (len(shape.steps_ahead), len(shape.quantiles))
    return graph.finish(ratio, (shape.steps, len(shape.features)), size, plan.says)


def _mean(graph: Graph, plan: Plan, steps: tuple[int, ...], some: Sequence[Fitted]) -> str:
    shape = Shape(plan.shape.features, plan.shape.steps, steps, plan.shape.quantiles)
    outputs = [add_network(graph, plan.network, shape, one) for one in some]
    if len(outputs) == 1:
        return outputs[0]
    total = graph.add("Sum", *outputs)
    return graph.add("Mul", total, graph.constant(np.array(1 / len(outputs), np.float32)))


def calibrated(
    plan: Plan, fitted: Sequence[Fitted], validation: Examples, coverage: float
) -> bytes:
    """As `assemble`, with the margin that holds `coverage` on validation windows."""
    ratio = OnnxModel(assemble(plan, fitted)).ratio(validation.windows, _BATCH)
    truth = validation.ratio.astype(np.float64)
    low, high = ratio[:, :, 0].astype(np.float64), ratio[:, :, -1].astype(np.float64)
    if plan.network.is_based:
        truth, low, high = np.log(truth), np.log(low), np.log(high)
    return assemble(plan, fitted, margin(truth, low, high, coverage))


def quantized(model: bytes) -> bytes:
    """The model with 8-bit weights (dynamic quantisation by onnxruntime), metadata kept."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.onnx")
        small = Path(folder, "small.onnx")
        path.write_bytes(model)
        with _without_advice():
            quantize_dynamic(path, small, weight_type=QuantType.QInt8)
        made = onnx.load(small)
    made.producer_name = "edgeops"
    kept = [(one.key, one.value) for one in onnx.load_from_string(model).metadata_props]
    onnx.helper.set_model_props(made, dict(kept))  # onnxruntime adds its own
    return serialized(made)


@contextmanager
def _without_advice() -> Iterator[None]:
    """No advice on the root logger to prepare graphs first: ours are simple already."""
    logger = logging.getLogger()
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def parity(plan: Plan, fitted: Sequence[Fitted], windows: FloatTensor, data: bytes) -> float:
    """The largest difference between an ONNX model and Keras, in units of the mean level.

    Of the median forecast of all `windows`, which calibration leaves alone.
    """
    from edgeops.training.predict import keras_ratio

    middle = plan.shape.quantiles.index(0.5)
    want = keras_ratio(plan.network, plan.shape, fitted, windows)[:, :, middle]
    got = OnnxModel(data).ratio(windows, _BATCH)[:, :, middle]
    return float(np.max(np.abs(got - want)))


def check_parity(difference: float, most: float) -> None:
    """Raises `EdgeOpsError` when the exported model is not what was trained."""
    if not difference <= most:
        raise EdgeOpsError(
            f"the exported model differs from Keras by {difference:.1e}; allowed are {most:.1e}",
            "this is a fault of the export: please report it with the model file",
        )


def metadata(
    name: str, model_file: str, spec: WindowSpec, quantiles: Sequence[float], attribution: str
) -> dict[str, str]:
    """What a model says of itself, as JSON but for two plain words; the forecaster reads it."""
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
    }
