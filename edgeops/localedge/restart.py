"""Whether and when a module that ended is restarted. No I/O."""

from __future__ import annotations

from edgeops.backoff import Backoff

RESTART = Backoff(base=1.0, longest=60.0)  # like edgeAgent's, but shorter
STEADY_SECONDS = 60.0  # a run of this length resets the waits


def restarts(policy: str, exit_code: int) -> bool:
    """Whether the restart policy of a deployment restarts a module after this exit code."""
    if policy == "never":
        return False
    return policy == "always" or exit_code != 0
