"""Whether a model can be loaded at all, tried in a process of its own."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from edgeops.modules.model_loader.faults import Code, LoadFailed

LoadTest = Callable[[Path, str], None]

_SECONDS = 300
_LOAD_ONNX = """
import sys
sys.path[:] = sys.argv[2:]
import onnxruntime
onnxruntime.set_default_logger_severity(4)
try:
    onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
except Exception as error:
    sys.exit(type(error).__name__)
"""


def no_load_test(path: Path, model_format: str) -> None:
    """Accepts every model."""


def onnx_load_test(path: Path, model_format: str) -> None:
    """Loads ONNX models with onnxruntime where that is installed; accepts all others.

    A separate process, since a broken model may take its loader down with it;
    it finds the packages that this one does, and no others.
    Raises `LoadFailed`.
    """
    if model_format != "onnx" or importlib.util.find_spec("onnxruntime") is None:
        return
    try:
        done = subprocess.run(  # noqa: S603 - our own code, a file of our own
            [sys.executable, "-I", "-c", _LOAD_ONNX, str(path), *sys.path],
            check=False,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise LoadFailed(Code.LOAD_TEST_FAILED, f"the model did not load in {_SECONDS} s") from None
    if done.returncode:
        why = (done.stderr.split() or ["killed"])[-1][:80]
        raise LoadFailed(Code.LOAD_TEST_FAILED, f"onnxruntime cannot load the model ({why})")
