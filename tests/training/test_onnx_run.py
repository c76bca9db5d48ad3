"""Which model files are loaded: whole ones, of ONNX, and nothing that they name."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from edgeops.errors import EdgeOpsError
from edgeops.training.onnx_run import OnnxModel

onnx = pytest.importorskip("onnx")


def weights(outside: str | None = None):
    tensor = onnx.TensorProto(name="w", data_type=onnx.TensorProto.FLOAT, dims=[2])
    if outside is None:
        tensor.raw_data = np.array([1, 2], np.float32).tobytes()
        return tensor
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=outside)
    return tensor


def graph(initializer, nodes=()):
    helper = onnx.helper
    vector = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [2])
    two = helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [2])
    nodes = [*nodes, helper.make_node("Add", ["x", "w"], ["y"])]
    return helper.make_graph(nodes, "g", [vector], [two], initializer)


def model(made) -> bytes:
    opset = [onnx.helper.make_opsetid("", 17)]
    return onnx.helper.make_model(made, opset_imports=opset, ir_version=9).SerializeToString()


def as_initializer(tensor):
    return graph([tensor])


def as_constant(tensor):
    return graph([], [onnx.helper.make_node("Constant", [], ["w"], value=tensor)])


def as_sparse(tensor):
    made = graph([weights()])
    made.sparse_initializer.add().values.CopyFrom(tensor)
    return made


def in_a_branch(tensor):
    branch = onnx.helper.make_graph([], "b", [], [], [tensor])
    node = onnx.helper.make_node("If", ["c"], ["d"], then_branch=branch, else_branch=branch)
    return graph([weights()], [node])


def test_a_whole_model_runs(tmp_path):
    data = model(as_constant(weights()))
    (tmp_path / "model.onnx").write_bytes(data)
    for source in (data, tmp_path / "model.onnx"):
        assert OnnxModel(source).ratio(np.zeros(2, np.float32), 2).tolist() == [1, 2]


@pytest.mark.parametrize("put", [as_initializer, as_constant, as_sparse, in_a_branch])
@pytest.mark.parametrize("outside", ["weights.bin", "../weights.bin", "/etc/passwd"])
def test_weights_in_other_files_are_not_read(tmp_path, put, outside):
    (tmp_path / "weights.bin").write_bytes(bytes(8))
    file = tmp_path / "model.onnx"
    file.write_bytes(model(put(weights(outside))))
    for source in (file, file.read_bytes()):
        with pytest.raises(EdgeOpsError, match="has weights in other files") as caught:
            OnnxModel(source)
        assert outside not in caught.value.message


@pytest.mark.parametrize("data", [b"nothing", b"\x08\x00\x00\x00ORTM" + bytes(100)])
def test_a_file_that_is_not_onnx_is_refused(data):
    with pytest.raises(EdgeOpsError, match=r"version 1.0.0 is not an ONNX model"):
        OnnxModel(data, "version 1.0.0")


def test_a_model_that_onnxruntime_does_not_take():
    with pytest.raises(EdgeOpsError, match="onnxruntime cannot load the model"):
        OnnxModel(b"")


def test_a_model_of_other_windows():
    with pytest.raises(
        EdgeOpsError, match=r"the model cannot run on windows of the shape \(24, 3\)"
    ):
        OnnxModel(model(as_constant(weights()))).ratio(np.zeros((1, 24, 3), np.float32))


def test_only_a_regular_file_is_read(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.onnx")
    (tmp_path / "link.onnx").symlink_to("/dev/zero")
    for name, why in (("pipe", "is not a file"), ("link", "is a symbolic link"), ("no", "No such")):
        with pytest.raises(EdgeOpsError, match=why):
            OnnxModel(tmp_path / f"{name}.onnx")
