"""Read access to artifacts for the devices of a sync."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from edgeops.api.workspace import Workspace

if TYPE_CHECKING:
    from edgeops.apply.access import Grants
    from edgeops.fleet.model import DesiredFleet
    from edgeops.plan.model import Plan
    from edgeops.twin import LiveDevice


def read_grants(
    workspace: Workspace, fleet: DesiredFleet, plan: Plan, live: Mapping[str, LiveDevice]
) -> Grants | None:
    """Access for those devices of the plan that need it; None when none does.

    Raises `EdgeOpsError` when access cannot be had, before anything is written.
    """
    target = fleet.hubs[workspace.hub]
    if target.artifacts is None or target.artifacts.store is None or not plan.access:
        return None
    from edgeops.apply.access import LIFETIME, devices_in_need, grants
    from edgeops.artifacts.open import mint_read_access
    from edgeops.plan.targets import covered

    now = workspace.clock.now()
    names = covered(fleet, plan.options) - {refusal.device for refusal in plan.refusals}
    wanted = {name: fleet.devices[name] for name in names}
    needy = devices_in_need(wanted, live, target.artifacts, now=now)
    if not needy:
        return None
    access = mint_read_access(target.artifacts, workspace.environ, now=now, lifetime=LIFETIME)
    return grants(needy, target.artifacts.store, access)
