"""How long to wait before a slot that failed is tried again. Pure but for the random draw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

_BIGGEST_EXPONENT = 30


@dataclass(frozen=True, slots=True)
class Backoff:
    """Seconds; the limit doubles from failure to failure, from `base` to `longest`.

    Half of a wait is fixed and half drawn at random, so that devices that
    failed together do not come back together.
    """

    base: float
    longest: float

    def wait(self, failures: int, uniform: Callable[[float, float], float]) -> float:
        """The wait after this many failures in a row, at least one."""
        limit = min(self.longest, self.base * 2.0 ** min(failures - 1, _BIGGEST_EXPONENT))
        return uniform(limit / 2, limit)


PASSING = Backoff(base=1.0, longest=600.0)  # a lost connection
LASTING = Backoff(base=60.0, longest=6 * 3600.0)  # a wrong checksum: each try may cost a download
LOCAL = Backoff(base=60.0, longest=600.0)  # a full disk: a try costs nothing until there is room
