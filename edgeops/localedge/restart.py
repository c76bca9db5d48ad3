"""Whether and when a module that ended is started again. No I/O."""

from __future__ import annotations

from edgeops.backoff import Backoff

RESTART = Backoff(base=1.0, longest=60.0)  # like edgeAgent's, but shorter
STEADY_SECONDS = 60.0  # after a run of this length the waits begin anew


def restarts(policy: str, exit_code: int) -> bool:
    """Whether the restart policy of a deployment starts a module again after this exit code."""
    if policy == "never":
        return False
    return policy == "always" or exit_code != 0
