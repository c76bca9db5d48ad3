"""What benches give: values of one thing, and what they should be."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Literal


@dataclass(frozen=True, slots=True)
class Result:
    """The values of something, one for each round, and its goal, if any.

    `better` says whether a value below the goal meets it, or one above. The unit `x` is a ratio.
    """

    name: str
    unit: str
    better: Literal["less", "more"]
    values: tuple[float, ...]
    goal: float | None = None

    @property
    def now(self) -> float:
        """The median."""
        return median(self.values)

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None without one."""
        if self.goal is None:
            return None
        return self.now <= self.goal if self.better == "less" else self.now >= self.goal

    def worse_than(self, before: Result) -> float:
        """By what share this is worse than before: 0.5 is half as much again of what is bad."""
        bad, good = (self, before) if self.better == "less" else (before, self)
        if good.now == 0:
            return math.inf if bad.now else 0.0
        return bad.now / good.now - 1


Results = Iterator[Result]


def at_most(name: str, unit: str, values: Iterable[float], goal: float | None = None) -> Result:
    """A result of which less is better."""
    return Result(name, unit, "less", tuple(values), goal)


def at_least(name: str, unit: str, values: Iterable[float], goal: float | None = None) -> Result:
    """A result of which more is better."""
    return Result(name, unit, "more", tuple(values), goal)
