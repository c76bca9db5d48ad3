"""How many devices a plan may delete."""

from __future__ import annotations

from edgeops.errors import Refused
from edgeops.fleet.model import DesiredFleet
from edgeops.plan.model import Blocked, Plan


def over_budget(fleet: DesiredFleet, *, deletions: int, managed: int) -> Blocked | None:
    """Why pruning may not delete so many of the managed devices; None if it may."""
    if not fleet.devices:
        return Blocked(
            "git has no device on this hub, so --prune would delete every device that it manages",
            "nothing was written; check the revision; if this is intended, delete the last devices"
            " by hand",
        )
    allowed = _allowed(fleet.max_deletes, managed)
    if deletions <= allowed:
        return None
    return Blocked(
        f"--prune would delete {deletions} of {managed} managed devices;"
        f" limits.maxDeletes ({fleet.max_deletes}) allows {allowed}",
        "nothing was written; check the revision, or raise limits.maxDeletes in the Fleet",
    )


def check_allowed(plan: Plan) -> None:
    """Raise `Refused` if the plan must not be written."""
    if plan.blocked is not None:
        raise Refused(plan.blocked.reason, plan.blocked.hint)


def _allowed(max_deletes: str | int, managed: int) -> int:
    """The most deletions allowed; a percentage rounds up, so that a small fleet can lose one."""
    if isinstance(max_deletes, int):
        return max_deletes
    return -(-managed * int(max_deletes.removesuffix("%")) // 100)
