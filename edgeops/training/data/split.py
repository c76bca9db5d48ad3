"""Splits the origins into training, validation and test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeops.errors import EdgeOpsError
from edgeops.features.series import Hours, IntArray


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `first` to `last`, both included (`datetime64[D]`)."""

    first: np.datetime64
    last: np.datetime64

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise EdgeOpsError(
                f"the period from {self.first} to {self.last} ends before it starts",
                "check `exclusions` in model.yaml",
            )


@dataclass(frozen=True, slots=True)
class Split:
    """The last day of training, validation and test; later days are a second test.

    Training leaves out the `excluded` periods and `grace_days` after each.
    """

    train_until: np.datetime64
    validate_until: np.datetime64
    test_until: np.datetime64
    excluded: tuple[Period, ...] = ()
    grace_days: int = 0

    def __post_init__(self) -> None:
        if not self.train_until < self.validate_until < self.test_until:
            raise EdgeOpsError(
                "the dates of the split are not in ascending order",
                "in model.yaml, set trainUntil before validateUntil before testUntil",
            )


def parts(split: Split, steps: Hours, horizon: int, interval: int) -> Mapping[str, IntArray]:
    """The origins (indexes into `steps`) of `train`, `validation`, `test` and `later`.

    The origin and all its `horizon` steps of `interval` hours lie in the part.
    No origin for training lies in an excluded period, reaches into it, or
    comes within the grace days after it.
    """
    last = steps + np.timedelta64(horizon * interval, "h")
    ends = (split.train_until, split.validate_until, split.test_until, steps[-1:].max())
    origins = {}
    first = steps[0]
    for name, end in zip(("train", "validation", "test", "later"), ends, strict=True):
        stop = end.astype("datetime64[D]") + np.timedelta64(1, "D")
        inside = (steps >= first) & (last < stop) & (last <= steps[-1])
        if name == "train":
            inside &= ~_touched(split, steps, last)
        origins[name] = np.flatnonzero(inside)
        first = stop
    return origins


def _touched(split: Split, steps: Hours, last: Hours) -> NDArray[np.bool_]:
    touched = np.zeros(len(steps), dtype=bool)
    for period in split.excluded:
        end = period.last + np.timedelta64(1 + split.grace_days, "D")
        touched |= (last >= period.first) & (steps < end)
    return touched
