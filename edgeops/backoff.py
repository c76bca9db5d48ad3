"""How long to wait before what failed is tried again. Pure: the random draw is an argument."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

_BIGGEST_EXPONENT = 30


@dataclass(frozen=True, slots=True)
class Backoff:
    """Seconds; the limit doubles from failure to failure, from `base` to `longest`."""

    base: float
    longest: float

    def limit(self, failures: int) -> float:
        """The longest wait after this many failures in a row, at least one."""
        return min(self.longest, self.base * 2.0 ** min(failures - 1, _BIGGEST_EXPONENT))

    def wait(self, failures: int, uniform: Callable[[float, float], float]) -> float:
        """Half of the limit, and a random share of the other half.

        So devices that failed together do not come back together.
        """
        limit = self.limit(failures)
        return uniform(limit / 2, limit)
