"""Sets up Keras with the backend and the number of threads of a model file.

On one machine, the same number of threads gives bit-identical weights.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version

from edgeops.errors import EdgeOpsError
from edgeops.training.data.dataset import missing_package
from edgeops.training.recipe import TrainingSection

_PACKAGES = {"tensorflow": ("tensorflow-cpu", "tensorflow"), "jax": ("jax",), "torch": ("torch",)}

_OF_FEATURES = ("astral", "holidays", "statsmodels")


def start(training: TrainingSection) -> None:
    """Set up Keras in this process; call it before anything else imports Keras.

    Raises `EdgeOpsError` when a package is missing or Keras is set up differently already.
    """
    name, threads = training.backend, training.threads
    wanted = {
        "KERAS_BACKEND": name,
        "OMP_NUM_THREADS": str(threads),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_DETERMINISTIC_OPS": "1",
    }
    if name == "jax":
        eigen = "--xla_cpu_multi_thread_eigen=false" if threads == 1 else ""
        wanted["XLA_FLAGS"] = f"{eigen} intra_op_parallelism_threads={threads}".strip()
    os.environ.update(wanted)
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # no performance advice
    if "keras" in sys.modules:
        import keras

        if keras.backend.backend() != name:
            raise EdgeOpsError(
                f"Keras already uses the backend {keras.backend.backend()}, the model needs {name}",
                "train models with different backends in separate processes",
            )
    _set_threads(name, threads)


def versions(name: str) -> dict[str, str]:
    """The versions of Keras, its backend, numpy, onnx and onnxruntime, by package."""
    return _installed("keras", *_PACKAGES[name], "numpy", "onnx", "onnxruntime")


def weight_versions(name: str) -> dict[str, str]:
    """The versions of the packages that other weights can come from, by package."""
    return _installed("keras", *_PACKAGES[name], "numpy", *_OF_FEATURES)


def _installed(*packages: str) -> dict[str, str]:
    installed = {}
    for package in packages:
        try:
            installed[package] = version(package)
        except PackageNotFoundError:
            continue
    return installed


@contextmanager
def _silent_stderr() -> Iterator[None]:
    """Discards standard error: TensorFlow logs there on import, before it can be configured."""
    sys.stderr.flush()
    stderr, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(null)


def _set_threads(name: str, threads: int) -> None:
    try:
        if name == "tensorflow":
            with _silent_stderr():
                import tensorflow

            config = tensorflow.config.threading
            if config.get_intra_op_parallelism_threads() != threads:
                config.set_intra_op_parallelism_threads(threads)
                config.set_inter_op_parallelism_threads(threads)
        elif name == "torch":
            import torch

            torch.set_num_threads(threads)
        else:
            import jax  # noqa: F401 - checks that it is installed
        import keras  # noqa: F401 - checks that it is installed
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        raise missing_package(_PACKAGES.get(package, (package,))[0], "train") from error
    except RuntimeError as error:  # TensorFlow is initialised already
        raise EdgeOpsError(
            f"TensorFlow already uses another number of threads than {threads}",
            "train models with different `threads` in separate processes",
        ) from error
