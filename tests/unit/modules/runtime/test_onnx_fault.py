"""Reasons in messages of onnxruntime, most of them about files that are made here."""

from __future__ import annotations

import re

import pytest

from edgeops.modules.runtime.onnx_fault import onnx_reason

np = pytest.importorskip("numpy")
onnx = pytest.importorskip("onnx")
pytest.importorskip("onnx.numpy_helper")
onnxruntime = pytest.importorskip("onnxruntime")


def make(op=None, domain="", *, kind=None, opset=17, imports=(), **more):
    """A model that multiplies by weights, then applies `op`."""
    from onnx import TensorProto, helper

    kind = kind or TensorProto.FLOAT
    nodes = [helper.make_node("MatMul", ["x", "weights"], ["y" if op is None else "z"])]
    if op:
        nodes.append(helper.make_node(op, ["z"], ["y"], domain=domain, **more))
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", kind, ["batch", 4])],
        [helper.make_tensor_value_info("y", kind, None)],
        [helper.make_tensor("weights", kind, [4, 300], [1.0] * 1200)],
    )
    opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(*each) for each in imports)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def reason_for(model):
    """Why onnxruntime refuses it, given as a path or as bytes; None if it does not."""
    onnxruntime.set_default_logger_severity(4)
    try:
        onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    except Exception as error:
        return onnx_reason(str(error))
    return None


def newer_ir():
    model = make()
    model.ir_version = 99
    return model


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (make, None),
        (lambda: make(kind=onnx.TensorProto.FLOAT16), None),
        (newer_ir, r"its IR version is 99, the newest known here is \d+"),
        (lambda: make(opset=90), r"its opset of ai\.onnx is 90, the newest known here is \d\d"),
        (
            lambda: make("Scaler", "ai.onnx.ml", imports=[("ai.onnx.ml", 99)]),
            r"its opset of ai\.onnx\.ml is 99, the newest known here is \d",
        ),
        (lambda: make("Gelu"), "the operator Gelu is not known in opset 17"),
        (
            lambda: make("Fancy", "com.vendor", imports=[("com.vendor", 1)]),
            "the operator Fancy of the domain com.vendor is not known here",
        ),
        (
            lambda: make("Fancy", "com.vendor"),
            "the operator Fancy of the domain com.vendor is not known: no opset of it is imported",
        ),
        (
            lambda: make(kind=onnx.TensorProto.BFLOAT16),
            "the operator MatMul of opset 13 cannot run here on its types of values",
        ),
        (lambda: make().SerializeToString()[:200], "it is not an ONNX file, or not a whole one"),
        (lambda: b"<html>sign in</html>", "it is not an ONNX file, or not a whole one"),
        (lambda: b"", "it is not an ONNX file with a graph"),
        (lambda: make("Relu", wrong=1), "This is an invalid model.*attribute: wrong for op.* Relu"),
        (
            lambda: make("No" * 200, "com.vendor", imports=[("com.vendor", 1)]),
            r"the operator (No){28}N\.\.\. of the domain com\.vendor is not known here",
        ),
    ],
)
@pytest.mark.parametrize("from_file", [True, False])
def test_what_onnxruntime_says_of_a_model(tmp_path, model, reason, from_file):
    made = model()
    data = made if isinstance(made, bytes) else made.SerializeToString()
    path = tmp_path / "a model.onnx"
    path.write_bytes(data)
    said = reason_for(str(path) if from_file else data)
    assert said == reason or re.fullmatch(reason, said)


def test_weights_in_a_second_file(tmp_path):
    path, weights = tmp_path / "m.onnx", tmp_path / "the weights.bin"
    model = make()
    ones = np.ones((4, 300), np.float32)
    model.graph.initializer[0].CopyFrom(onnx.numpy_helper.from_array(ones, "weights"))
    onnx.save(model, path, save_as_external_data=True, location=weights.name, size_threshold=0)
    assert reason_for(str(path)) is None
    weights.write_bytes(b"1234")
    assert reason_for(str(path)) == "the second file with its weights is too short for weights"
    weights.unlink()
    missing = "it keeps weights in a second file, the weights.bin, which is missing"
    assert reason_for(str(path)) == missing


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (  # onnxruntime 1.20
            "[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : Exception during initialization:"
            " filesystem error: cannot get file size: No such file or directory"
            " [/models/s/weights of m.bin]",
            "it keeps weights in a second file, weights of m.bin, which is missing",
        ),
        (
            "[ONNXRuntimeError] : 1 : FAIL : Load model from /models/slot/m.onnx failed:"
            "/build/src/core/x.cc:46 void a::B(const std::string&, int) Something is odd.\n",
            "Something is odd.",
        ),
        (
            "[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : std::bad_alloc",
            "there is not enough memory for it",
        ),
        ("cannot open '/home/a user/x.so' or C:\\b\\y.dll", "cannot open 'x.so' or y.dll"),
        ("an \x1b[31mescape\u202e\nand more", "an [31mescape and more"),
        ("x" * 300, "x" * 197 + "..."),
        (" \n", "it does not say why"),
        ("[ONNXRuntimeError] : 1 : FAIL : ", "it does not say why"),
    ],
)
def test_what_is_not_known_is_short_printable_and_without_folders(message, reason):
    assert onnx_reason(message) == reason
