"""The training data of networks: examples, in stages, and the schedule of their epochs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from edgeops.features.series import FloatArray
from edgeops.features.spec import COUNTS, Unit

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

    `ratio` is (value in the unit + 1) / scale, n x horizon, NaN where unknown; `weight`
    is the weight of each target in the loss, n x horizon. `scale` (n x 1) and `unit`
    give the values of ratios.
    """

    windows: FloatTensor
    ratio: FloatTensor
    weight: FloatTensor
    scale: FloatArray | float = 1.0
    unit: Unit = COUNTS

    def of(self, job: Job) -> Examples:
        """The examples with only the steps ahead of a job."""
        steps = np.array(job.steps_ahead) - 1
        return replace(self, ratio=self.ratio[:, steps], weight=self.weight[:, steps])


@dataclass(frozen=True, slots=True)
class Length:
    """How long a training is: so many epochs (passes over its windows), or optimiser steps."""

    epochs: int | None = None
    steps: int | None = None

    def steps_of(self, batches: int) -> int:
        """The optimiser steps, with `batches` in a pass."""
        if self.steps is not None:
            return self.steps
        assert self.epochs is not None, "the schema asks for one of them"
        return self.epochs * batches


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """A part of a training: its examples, length and highest learning rate.

    A stage starts with the averaged weights of the stage before.
    """

    data: Examples
    length: Length
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
        stages = tuple(replace(stage, data=stage.data.of(job)) for stage in self.stages)
        return TrainingData(stages, self.validation.of(job), self.context)


@dataclass(frozen=True, slots=True)
class Epoch:
    """A pass over the windows of a stage; the last of a stage can be a part of one.

    `done` are the optimiser steps of all epochs before, `steps` its own.
    """

    stage: Stage
    done: int
    steps: int
    begins: bool


@dataclass(frozen=True)
class Schedule:
    """The epochs of all stages, numbered from 0 across stages."""

    stages: tuple[Stage, ...]
    batch: int

    @cached_property
    def epochs(self) -> tuple[Epoch, ...]:
        """All epochs in order."""
        epochs: list[Epoch] = []
        done = 0
        for stage in self.stages:
            a_pass, end = self._batches(stage), done + self.steps_of(stage)
            first = done
            while done < end:
                steps = min(a_pass, end - done)
                epochs.append(Epoch(stage, done, steps, begins=done == first))
                done += steps
        return tuple(epochs)

    @property
    def steps(self) -> int:
        """The optimiser steps of all stages."""
        return sum(map(self.steps_of, self.stages))

    def steps_of(self, stage: Stage) -> int:
        """The optimiser steps of a stage."""
        return stage.length.steps_of(self._batches(stage))

    def _batches(self, stage: Stage) -> int:
        return -(-len(stage.data.windows) // self.batch)
