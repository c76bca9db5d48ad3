"""A small writer of ONNX graphs: the same network gives the same bytes.

Names are numbers in the order of creation. The operators are those of opset 17, which
onnxruntime has supported since 2022.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

OPSET = 17
IR_VERSION = 8
INPUT, OUTPUT = "window", "ratio"


class Graph:
    """A graph under construction; its methods give the names of values."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._names: dict[tuple[str, tuple[int, ...], bytes], str] = {}

    def constant(self, value: NDArray[Any]) -> str:
        """The name of a constant; equal constants are stored once."""
        from onnx import numpy_helper

        array = np.ascontiguousarray(value)
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._names:
            self._names[key] = f"c{len(self._constants)}"
            self._constants.append(numpy_helper.from_array(array, self._names[key]))
        return self._names[key]

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """The name of the only output of a new node."""
        return self.node(operator, inputs, 1, **attributes)[0]

    def node(
        self, operator: str, inputs: Sequence[str], outputs: int, **attributes: Any
    ) -> list[str]:
        """The names of the outputs of a new node."""
        from onnx import helper

        number = len(self._nodes)
        names = [f"v{number}_{index}" for index in range(outputs)]
        self._nodes.append(
            helper.make_node(operator, list(inputs), names, f"n{number}", **attributes)
        )
        return names

    def finish(
        self,
        result: str,
        window: tuple[int, int],
        ratio: tuple[int, int],
        properties: Mapping[str, str],
    ) -> bytes:
        """The model as bytes: n x `window` -> n x `ratio`, with `properties` as metadata.

        Raises `onnx.checker.ValidationError` for an invalid graph.
        """
        from onnx import TensorProto, checker, helper

        self._nodes.append(helper.make_node("Identity", [result], [OUTPUT], "result"))
        graph = helper.make_graph(
            self._nodes,
            "edgeops",
            [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["n", *window])],
            [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["n", *ratio])],
            self._constants,
        )
        model = helper.make_model(
            graph,
            producer_name="edgeops",
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
        )
        helper.set_model_props(model, dict(sorted(properties.items())))
        checker.check_model(model, full_check=True)
        return serialized(model)


def serialized(model: Any) -> bytes:
    """The bytes of a model, serialised deterministically."""
    data: bytes = model.SerializeToString(deterministic=True)
    return data
