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
    """The result of a job: the weights by variable path, and the scaling of the features.

    `history` is the validation error after each epoch by which the best one was chosen,
    `wapes` the WAPE then; see `error_of` and `wape_of`.
    """

    job: Job
    weights: Weights
    scaling: Scaling
    history: tuple[float, ...]
    wapes: tuple[float, ...] = ()

    @property
    def best(self) -> int:
        """The index of the epoch whose weights these are, if the best one was kept."""
        return self.history.index(min(self.history))

    @property
    def sha256(self) -> str:
        """The digest of weights and scaling."""
        digest = hashlib.sha256()
        for name, value in sorted(_flat(self).items()):
            digest.update(name.encode() + b"\0" + np.ascontiguousarray(value).tobytes())
        return digest.hexdigest()


def save(fitted: Fitted, path: Path) -> None:
    """Write the result of a job to a file."""
    job = {"stepsAhead": list(fitted.job.steps_ahead), "seed": fitted.job.seed}
    notes = {"job": job, "history": list(fitted.history), "wapes": list(fitted.wapes)}
    write_arrays(path, _flat(fitted), notes)


def load(path: Path) -> Fitted | None:
    """The result of a job that `save` wrote; None if the file is missing or not valid."""
    content = read_arrays(path)
    if content is None:
        return None
    arrays, notes = content
    try:
        scaling = Scaling(arrays.pop("scaling/mean"), arrays.pop("scaling/deviation"))
        job = Job(tuple(notes["job"]["stepsAhead"]), notes["job"]["seed"])
        return Fitted(job, arrays, scaling, tuple(notes["history"]), tuple(notes["wapes"]))
    except (KeyError, TypeError):
        return None


def _flat(fitted: Fitted) -> dict[str, FloatTensor]:
    scaling = {"scaling/mean": fitted.scaling.mean, "scaling/deviation": fitted.scaling.deviation}
    return {**fitted.weights, **scaling}
