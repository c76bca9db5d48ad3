"""Exponential backoff with jitter. Pure: the random draw is an argument."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

_BIGGEST_EXPONENT = 30


@dataclass(frozen=True, slots=True)
class Backoff:
    """Wait times in seconds; the limit doubles with each failure, from `base` to `longest`."""

    base: float
    longest: float

    def limit(self, failures: int) -> float:
        """The longest wait after this many consecutive failures, at least one."""
        return min(self.longest, self.base * 2.0 ** min(failures - 1, _BIGGEST_EXPONENT))

    def wait(self, failures: int, uniform: Callable[[float, float], float]) -> float:
        """A random wait from half the limit up: devices that failed together retry apart."""
        limit = self.limit(failures)
        return uniform(limit / 2, limit)
