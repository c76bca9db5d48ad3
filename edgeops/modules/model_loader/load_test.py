"""Whether a model can be loaded at all, tried in a process of its own."""

from __future__ import annotations

import importlib.util
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from edgeops.modules.model_loader.faults import Code, LoadFailed
from edgeops.modules.runtime.onnx_fault import onnx_reason

LoadTest = Callable[[Path, str], None]

_SECONDS = 300
_REFUSED = 3  # exit code; the reason is then on stdout
_LOAD_ONNX = f"""
import sys
sys.path[:] = sys.argv[2:]
import onnxruntime
onnxruntime.set_default_logger_severity(4)
try:
    onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
except Exception as error:
    sys.stdout.buffer.write(str(error)[:10_000].encode("utf-8", "replace"))
    sys.exit({_REFUSED})
"""


def no_load_test(path: Path, model_format: str) -> None:
    """Accepts every model."""


def onnx_load_test(path: Path, model_format: str) -> None:
    """Loads ONNX models with onnxruntime where that is installed; accepts all others.

    A separate process, since a broken model may take its loader down with it;
    it finds the packages that this one does, and no others. `path` is where the
    model will be used: beside the files that its weights are in.
    Raises `LoadFailed`.
    """
    if model_format != "onnx" or importlib.util.find_spec("onnxruntime") is None:
        return
    try:
        done = subprocess.run(  # noqa: S603 - our own code, a file of our own
            [sys.executable, "-I", "-c", _LOAD_ONNX, str(path), *sys.path],
            check=False,
            capture_output=True,
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise LoadFailed(Code.LOAD_TEST_FAILED, f"the model did not load in {_SECONDS} s") from None
    except OSError as error:  # no memory for one more process
        raise LoadFailed(
            Code.LOAD_TEST_FAILED, f"the load test cannot start: {error.strerror}", transient=True
        ) from error
    if done.returncode:
        raise LoadFailed(Code.LOAD_TEST_FAILED, _failure(done.returncode, done.stdout))


def _failure(exit_code: int, output: bytes) -> str:
    if exit_code == _REFUSED:
        reason = onnx_reason(output.decode("utf-8", "replace"))
        return f"onnxruntime cannot load the model: {reason}"
    if exit_code == -signal.SIGKILL:  # by the kernel: nobody else knows the process
        return "loading the model was killed, probably since it needs more memory than there is"
    if exit_code < 0:
        return f"onnxruntime crashed while loading the model ({_signal(-exit_code)})"
    return "onnxruntime cannot be started on this device"


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
