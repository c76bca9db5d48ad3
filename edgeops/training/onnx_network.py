"""From the weights of a network to its ONNX graph.

No converter is used: this is the same for every backend, has compact LSTM operators and gives
reproducible bytes. The result is compared with Keras before it can be published.
Source of the layouts: the ONNX operator LSTM (gates i, o, f, c), `keras.layers.LSTM` (i, f, c, o).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeops.training.fitted import Fitted, Weights
from edgeops.training.network import LOG_BASE, NARROW, Network
from edgeops.training.onnx_graph import INPUT, Graph
from edgeops.training.training_data import FloatTensor

_TO_ONNX_GATES = (0, 3, 1, 2)  # from i, f, c, o to i, o, f, c
_VARIANCE_FLOOR = 1e-7  # keras.layers.Normalization


def add_network(graph: Graph, network: Network, fitted: Fitted) -> str:
    """Add a network; gives its output z before `exp` (for `output: level`, the ratio).

    z is n x steps ahead x quantiles; `network` has only its own steps ahead.
    """
    steps = graph.add("Transpose", INPUT, perm=[1, 0, 2])  # steps x n x features
    scaled = graph.add("Sub", steps, graph.constant(fitted.scaling.mean))
    deviation = np.maximum(fitted.scaling.deviation, np.float32(_VARIANCE_FLOOR))
    scaled = graph.add("Div", scaled, graph.constant(deviation))
    kinds = {"sequence-lstm": _sequence_lstm, "article-lstm": _article_lstm}
    raw = kinds[network.section.kind](graph, network, fitted.weights, scaled)
    return _in_order(graph, network, raw)


def add_ratio(graph: Graph, network: Network, z: str, margin: float) -> str:
    """Add the ratios of z, with the outer quantiles moved outwards by `margin` (calibration).

    The margin is in logarithms for `base-times-exp`, otherwise in ratios.
    """
    outward = np.array([np.sign(share - 0.5) for share in network.quantiles], np.float32)
    outward[1:-1] = 0
    if network.section.is_based:
        column = network.features.index(LOG_BASE)
        z = graph.add("Add", z, _slice(graph, INPUT, (2, column, column + 1), _ahead(network)))
    if margin:
        moved = graph.add("Add", z, graph.constant(outward * np.float32(margin)))
        z = moved if margin > 0 else _uncrossed(graph, len(outward), moved, z)
    return graph.add("Exp", z) if network.section.is_based else z


def _sequence_lstm(graph: Graph, network: Network, weights: Weights, scaled: str) -> str:
    past = graph.add("Squeeze", _lstm(graph, weights, scaled, ["encoder"])[1], _axes(graph, 0))
    times = graph.constant(np.array([network.steps, 1, 1], np.int64))
    everywhere = graph.add("Expand", past, times)
    ahead = graph.add("Concat", scaled, everywhere, axis=2)
    both = [f"decoder/{way}_lstm" for way in ("forward", "backward")]
    ahead = _lstm(graph, weights, ahead, both)[0]  # steps x 2 x n x units
    ahead = graph.add("Transpose", ahead, perm=[0, 2, 1, 3])
    ahead = graph.add("Reshape", ahead, graph.constant(np.array([0, 0, -1], np.int64)))
    ahead = graph.add("Concat", ahead, scaled, everywhere, axis=2)
    head = _dense(graph, weights, ahead, "head")
    head = _activation(graph, network.section.activation, head)
    out = graph.add("Transpose", _dense(graph, weights, head, "out"), perm=[1, 0, 2])
    return _slice(graph, out, _ahead(network))


def _article_lstm(graph: Graph, network: Network, weights: Weights, scaled: str) -> str:
    past = graph.add("Squeeze", _lstm(graph, weights, scaled, ["encoder"])[1], _axes(graph, 0))
    count = [0, len(network.steps_ahead), len(network.quantiles)]
    out = _dense(graph, weights, past, "out")
    return graph.add("Reshape", out, graph.constant(np.array(count, np.int64)))


def _lstm(graph: Graph, weights: Weights, value: str, names: Sequence[str]) -> tuple[str, str]:
    """All steps (steps x directions x n x units) and the last one; one direction per name."""
    cells = [
        [weights[f"{name}/lstm_cell/{part}"] for part in ("kernel", "recurrent_kernel", "bias")]
        for name in names
    ]
    kernel = np.stack([_gates(cell[0]).T for cell in cells])
    recurrent = np.stack([_gates(cell[1]).T for cell in cells])
    bias = np.stack([np.concatenate([_gates(c[2]), np.zeros_like(c[2])]) for c in cells])
    steps, last, _ = graph.node(
        "LSTM",
        [value, *map(graph.constant, (kernel, recurrent, bias))],
        3,
        hidden_size=recurrent.shape[2],
        direction="bidirectional" if len(names) == 2 else "forward",
    )
    return steps, last


def _gates(value: FloatTensor) -> FloatTensor:
    parts = np.split(value, 4, axis=-1)
    return np.concatenate([parts[index] for index in _TO_ONNX_GATES], axis=-1)


def _dense(graph: Graph, weights: Weights, value: str, name: str) -> str:
    product = graph.add("MatMul", value, graph.constant(weights[f"{name}/kernel"]))
    return graph.add("Add", product, graph.constant(weights[f"{name}/bias"]))


def _activation(graph: Graph, name: str, value: str) -> str:
    if name == "silu":
        return graph.add("Mul", value, graph.add("Sigmoid", value))
    return graph.add({"relu": "Relu", "tanh": "Tanh"}[name], value)


def _in_order(graph: Graph, network: Network, raw: str) -> str:
    """As in `network.build`: quantiles that cannot cross, clipped."""
    middle, count = network.quantiles.index(0.5), len(network.quantiles)
    parts = [_slice(graph, raw, (2, middle, middle + 1))]
    for index in (*range(middle + 1, count), *range(middle - 1, -1, -1)):
        column = _slice(graph, raw, (2, index, index + 1))
        apart = graph.add("Sub", column, graph.constant(np.array(NARROW, np.float32)))
        apart = graph.add("Softplus", apart)
        if index > middle:
            parts.append(graph.add("Add", parts[-1], apart))
        else:
            parts.insert(0, graph.add("Sub", parts[0], apart))
    z = graph.add("Concat", *parts, axis=2) if len(parts) > 1 else parts[0]
    if not network.section.is_based:
        return z
    low, high = (np.array(bound, np.float32) for bound in network.section.clip)
    return graph.add("Clip", z, graph.constant(low), graph.constant(high))


def _uncrossed(graph: Graph, count: int, moved: str, z: str) -> str:
    """The moved quantiles, the outer ones no further inwards than their neighbours in z."""
    if count == 1:
        return moved
    low, high = (_slice(graph, moved, (2, at, at + 1)) for at in (0, count - 1))
    second, last_but_one = (_slice(graph, z, (2, at, at + 1)) for at in (1, count - 2))
    parts = [graph.add("Min", low, second), graph.add("Max", high, last_but_one)]
    if count > 2:
        parts.insert(1, _slice(graph, z, (2, 1, count - 1)))
    return graph.add("Concat", *parts, axis=2)


def _ahead(network: Network) -> tuple[int, int, int]:
    """The axis of the steps ahead, the first one and the end."""
    return 1, network.steps_ahead[0] - 1, network.steps_ahead[-1]


def _slice(graph: Graph, value: str, *cuts: tuple[int, int, int]) -> str:
    """A value cut along (axis, first, end)."""
    axes, firsts, ends = zip(*cuts, strict=True)
    bounds = [graph.constant(np.array(values, np.int64)) for values in (firsts, ends, axes)]
    return graph.add("Slice", value, *bounds)


def _axes(graph: Graph, *axes: int) -> str:
    return graph.constant(np.array(axes, np.int64))
