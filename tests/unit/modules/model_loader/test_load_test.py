"""Models are loaded before they are used, by a process that may not survive it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from edgeops.modules.model_loader.faults import Code, LoadFailed
from edgeops.modules.model_loader.load_test import onnx_load_test

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


def save(path, *, op="Identity", external=""):
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper

    graph = helper.make_graph(
        [helper.make_node("Add", ["x", "w"], ["z"]), helper.make_node(op, ["z"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [300])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [300])],
        [numpy_helper.from_array(np.ones(300, np.float32), "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(
        model, path, save_as_external_data=bool(external), location=external, size_threshold=0
    )
    return path


def fault_of(path):
    with pytest.raises(LoadFailed) as failed:
        onnx_load_test(path, "onnx")
    assert failed.value.fault.code is Code.LOAD_TEST_FAILED
    return failed.value.fault.message


def test_onnx_models_are_loaded_and_others_are_not(tmp_path):
    onnx_load_test(save(tmp_path / "good.onnx"), "onnx")
    (tmp_path / "bad.onnx").write_bytes(b"no model")
    onnx_load_test(tmp_path / "bad.onnx", "tflite")
    assert fault_of(tmp_path / "bad.onnx") == (
        "onnxruntime cannot load the model: it is not an ONNX file, or not a whole one"
    )
    unknown = fault_of(save(tmp_path / "unknown.onnx", op="Magic"))
    assert unknown.endswith("the operator Magic is not known in opset 17")


def test_weights_are_found_beside_the_model(tmp_path):
    path = save(tmp_path / "big.onnx", external="big weights.data")
    onnx_load_test(path, "onnx")
    (tmp_path / "big weights.data").unlink()
    assert fault_of(path).endswith("a second file, big weights.data, which is missing")


def test_nobody_is_told_which_models_are_loaded(tmp_path):
    """With its telemetry on, onnxruntime keeps an identity of the machine and a queue there."""
    home = tmp_path / "home"
    home.mkdir()
    program = (
        "from pathlib import Path; import sys\n"
        "from edgeops.modules.model_loader.load_test import onnx_load_test\n"
        "onnx_load_test(Path(sys.argv[1]), 'onnx')\n"
        "import onnxruntime; onnxruntime.InferenceSession(sys.argv[1])"
    )
    model = save(tmp_path / "good.onnx")
    chosen = ("ORT_DISABLE_TELEMETRY", "CI", "GITHUB_ACTIONS", "TF_BUILD", "XDG_CACHE_HOME")
    env = {name: value for name, value in os.environ.items() if name not in chosen}
    env |= {"HOME": str(home), "TMPDIR": str(home)}
    subprocess.run([sys.executable, "-c", program, str(model)], check=True, env=env)
    assert list(home.iterdir()) == []


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("os.kill(os.getpid(), 9)", "was killed, probably since it needs more memory than there"),
        ("os.kill(os.getpid(), 11)", r"onnxruntime crashed while loading the model \(SIGSEGV\)"),
        ("raise ImportError('libgomp.so.1')", "onnxruntime cannot be started on this device"),
    ],
)
def test_a_process_that_does_not_survive(tmp_path, monkeypatch, code, message):
    (tmp_path / "onnxruntime.py").write_text(f"import os\n{code}\n")
    monkeypatch.syspath_prepend(tmp_path)  # the process finds packages where this one does
    with pytest.raises(LoadFailed, match=message):
        onnx_load_test(tmp_path / "any.onnx", "onnx")
