"""What a saved plan may not write, since git has left it to others meanwhile."""

from __future__ import annotations

from edgeops.errors import Refused
from edgeops.fleet.model import DesiredFleet
from edgeops.plan.model import Plan

_SHOWN = 5


def check_not_held(plan: Plan, then: DesiredFleet, now: DesiredFleet) -> None:
    """Raise `Refused` if the plan of one commit writes what another one says to leave alone.

    That is a device that is paused `now`, or one with values that are ignored, and were not `then`.
    """
    differences = []
    for name in sorted({change.device for change in plan.changes}):
        if name in now.paused_elsewhere or (name in now.devices and now.devices[name].paused):
            differences.append(f"git pauses {name} now")
        elif name in now.devices:
            before = then.devices[name].ignore if name in then.devices else ()
            if more := sorted(set(now.devices[name].ignore) - set(before)):
                differences.append(f"git leaves {more[0]} of {name} to others now")
    if differences:
        shown = "; ".join(differences[:_SHOWN])
        more_of_it = len(differences) - _SHOWN
        raise Refused(
            f"the saved plan is stale: {shown}"
            + (f"; and {more_of_it} more" if more_of_it > 0 else ""),
            "nothing was written; make a new plan with `edgeops sync --dry-run --out`",
        )
