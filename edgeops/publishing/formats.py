"""The format of a model, as far as the name of its file says it."""

from __future__ import annotations

from edgeops.errors import UsageError

_BY_NAME = {"saved_model.pb": "savedmodel"}
# A longer ending before those that it ends with.
_BY_ENDING = {
    ".tar.gz": "tar.gz",
    ".tgz": "tar.gz",
    ".tar": "tar",
    ".zip": "zip",
    ".onnx": "onnx",
    ".ort": "ort",
    ".tflite": "tflite",
    ".lite": "tflite",
    ".keras": "keras",
    ".pt": "torchscript",
    ".pth": "torchscript",
    ".torchscript": "torchscript",
    ".engine": "engine",
    ".plan": "engine",
    ".trt": "engine",
    ".gguf": "gguf",
    ".safetensors": "safetensors",
    ".mlmodel": "coreml",
    ".pmml": "pmml",
}


def format_of(name: str) -> str | None:
    """The format of a file by its name; None if that does not say it."""
    last = name.rpartition("/")[2].lower()
    if last in _BY_NAME:
        return _BY_NAME[last]
    return next((form for end, form in _BY_ENDING.items() if last.endswith(end)), None)


def known_format(name: str) -> str:
    """The format of a file by its name. Raises `UsageError` if that does not say it."""
    form = format_of(name)
    if form is None:
        raise UsageError(
            f"the name {name} does not say which format the model has",
            "name it, as the module that uses the model knows it: --format savedmodel",
        )
    return form
