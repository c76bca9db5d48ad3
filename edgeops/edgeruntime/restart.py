"""Whether and when a module that ended is started again. No I/O."""

from __future__ import annotations

from dataclasses import dataclass


def restarts(policy: str, exit_code: int) -> bool:
    """Whether the restart policy of a deployment starts a module again after this exit code."""
    if policy == "never":
        return False
    return policy == "always" or exit_code != 0


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait before the next start, in seconds; like edgeAgent's, but shorter.

    The wait doubles from `first` to `longest`, and begins anew after a run of
    `steady` seconds.
    """

    first: float = 1.0
    longest: float = 60.0
    steady: float = 60.0

    def wait(self, failures: int) -> float:
        """The wait after so many short runs in a row, at least one."""
        return min(self.longest, self.first * 2.0 ** min(failures - 1, 30))
