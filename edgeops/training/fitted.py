"""The result of one training, and its file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeops.training.arrays_file import read_arrays, write_arrays
from edgeops.training.network import Scaling
from edgeops.training.training_data import FloatTensor, Job

Weights = Mapping[str, FloatTensor]


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """What a training ends with: the weights by name, the scaling, and the error of each epoch.

    `history` is the validation error after each epoch: the share of absolute
    errors in the level, or the loss.
    """

    job: Job
    weights: Weights
    scaling: Scaling
    history: tuple[float, ...]

    @property
    def sha256(self) -> str:
        """The digest of weights and scaling."""
        digest = hashlib.sha256()
        for name, value in sorted(_flat(self).items()):
            digest.update(name.encode() + b"\0" + np.ascontiguousarray(value).tobytes())
        return digest.hexdigest()


def save(fitted: Fitted, path: Path) -> None:
    """Keep the result of a training in a file."""
    job = {"stepsAhead": list(fitted.job.steps_ahead), "seed": fitted.job.seed}
    write_arrays(path, _flat(fitted), {"job": job, "history": list(fitted.history)})


def load(path: Path) -> Fitted | None:
    """The result of a training that `save` kept; None where there is none, or another file."""
    kept = read_arrays(path)
    if kept is None:
        return None
    arrays, notes = kept
    try:
        scaling = Scaling(arrays.pop("scaling/mean"), arrays.pop("scaling/deviation"))
        job = Job(tuple(notes["job"]["stepsAhead"]), notes["job"]["seed"])
        return Fitted(job, arrays, scaling, tuple(notes["history"]))
    except (KeyError, TypeError):
        return None


def _flat(fitted: Fitted) -> dict[str, FloatTensor]:
    scaling = {"scaling/mean": fitted.scaling.mean, "scaling/deviation": fitted.scaling.deviation}
    return {**fitted.weights, **scaling}
