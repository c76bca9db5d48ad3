"""What networks learn from: examples, in stages, and the schedule of their epochs."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

FloatTensor = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Job:
    """One training: the steps ahead that are forecast, and the seed of the random numbers."""

    steps_ahead: tuple[int, ...]
    seed: int

    @property
    def name(self) -> str:
        """A name for files: `h1-24-s1`, `h7-s1`."""
        first, last = self.steps_ahead[0], self.steps_ahead[-1]
        steps = str(first) if first == last else f"{first}-{last}"
        return f"h{steps}-s{self.seed}"


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Windows (n x steps x features) with what a network learns of them.

    `ratio` is (count + 1) over the scale, n x horizon, NaN where unknown;
    `weight` says how much each counts, n x horizon.
    """

    windows: FloatTensor
    ratio: FloatTensor
    weight: FloatTensor

    def of(self, job: Job) -> Examples:
        """The same with the steps of a job only."""
        steps = np.array(job.steps_ahead) - 1
        return Examples(self.windows, self.ratio[:, steps], self.weight[:, steps])


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """A part of a training: what is learned from, for how long, and how fast at most.

    The next stage goes on from the averaged weights of the one before.
    """

    data: Examples
    epochs: int
    learning_rate: float


@dataclass(frozen=True, slots=True, eq=False)
class TrainingData:
    """All stages of a training, and the set that it is judged by."""

    stages: tuple[Stage, ...]
    validation: Examples

    def of(self, job: Job) -> TrainingData:
        """The same with the steps of a job only."""
        stages = (
            Stage(stage.data.of(job), stage.epochs, stage.learning_rate) for stage in self.stages
        )
        return TrainingData(tuple(stages), self.validation.of(job))


@dataclass(frozen=True, slots=True, eq=False)
class Schedule:
    """The epochs of all stages, counted through."""

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
        """Whether a stage begins with this epoch."""
        return epoch == 0 or self._index(epoch) != self._index(epoch - 1)

    def batches(self, stage: Stage) -> int:
        """The batches of an epoch."""
        return -(-len(stage.data.windows) // self.batch)

    def batches_before(self, epoch: int) -> int:
        """The batches of all earlier epochs."""
        return sum(self.batches(self.stage(earlier)) for earlier in range(epoch))

    def _index(self, epoch: int) -> int:
        ends = list(accumulate(stage.epochs for stage in self.stages))
        return next(index for index, end in enumerate(ends) if epoch < end)
