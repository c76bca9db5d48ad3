"""The training data of networks: examples, in stages, and the schedule of their epochs."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

FloatTensor = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Job:
    """The training of one network: its steps ahead, from 1, and its random seed."""

    steps_ahead: tuple[int, ...]
    seed: int

    @property
    def name(self) -> str:
        """The name of its files, such as `h1-24-s1` or `h7-s1`."""
        first, last = self.steps_ahead[0], self.steps_ahead[-1]
        steps = str(first) if first == last else f"{first}-{last}"
        return f"h{steps}-s{self.seed}"


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Windows (n x steps x features) with the targets of a network.

    `ratio` is (count + 1) / scale, n x horizon, NaN where unknown; `weight` is
    the weight of each target in the loss, n x horizon.
    """

    windows: FloatTensor
    ratio: FloatTensor
    weight: FloatTensor

    def of(self, job: Job) -> Examples:
        """The examples with only the steps ahead of a job."""
        steps = np.array(job.steps_ahead) - 1
        return Examples(self.windows, self.ratio[:, steps], self.weight[:, steps])


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """A part of a training: its examples, epochs and highest learning rate.

    A stage starts with the averaged weights of the stage before.
    """

    data: Examples
    epochs: int
    learning_rate: float


@dataclass(frozen=True, slots=True, eq=False)
class TrainingData:
    """All stages of a training, and the validation examples.

    `context` are the features of what is known ahead: the column in a window, and what it
    has where nothing is known.
    """

    stages: tuple[Stage, ...]
    validation: Examples
    context: tuple[tuple[int, float], ...] = ()

    def of(self, job: Job) -> TrainingData:
        """The training data with only the steps ahead of a job."""
        stages = (
            Stage(stage.data.of(job), stage.epochs, stage.learning_rate) for stage in self.stages
        )
        return TrainingData(tuple(stages), self.validation.of(job), self.context)


@dataclass(frozen=True, slots=True, eq=False)
class Schedule:
    """The epochs of all stages, numbered from 0 across stages."""

    stages: tuple[Stage, ...]
    batch: int

    @property
    def epochs(self) -> int:
        """The number of epochs in all stages."""
        return sum(stage.epochs for stage in self.stages)

    def stage(self, epoch: int) -> Stage:
        """The stage of an epoch."""
        return self.stages[self._index(epoch)]

    def begins(self, epoch: int) -> bool:
        """Whether this epoch is the first of a stage."""
        return epoch == 0 or self._index(epoch) != self._index(epoch - 1)

    def batches(self, stage: Stage) -> int:
        """The number of batches in an epoch of a stage."""
        return -(-len(stage.data.windows) // self.batch)

    def batches_before(self, epoch: int) -> int:
        """The number of batches in all earlier epochs."""
        return sum(self.batches(self.stage(earlier)) for earlier in range(epoch))

    def _index(self, epoch: int) -> int:
        ends = list(accumulate(stage.epochs for stage in self.stages))
        return next(index for index, end in enumerate(ends) if epoch < end)
