"""Temporary read access to artifacts, for the devices that need it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from edgeops.api.workspace import Workspace

if TYPE_CHECKING:
    from edgeops.apply.access import Grants
    from edgeops.fleet.model import DesiredDevice, DesiredFleet
    from edgeops.plan.model import Plan
    from edgeops.twin import LiveDevice


def read_grants(
    workspace: Workspace, fleet: DesiredFleet, plan: Plan, live: Mapping[str, LiveDevice]
) -> Grants | None:
    """Read access to artifacts for the devices of the plan that need it; None if none does.

    A rehearsal writes a stand-in of the same form. Raises `EdgeOpsError` when access cannot be
    granted, before anything is written.
    """
    target = fleet.hubs[workspace.hub]
    if target.artifacts is None or target.artifacts.store is None or not plan.access:
        return None
    from edgeops.apply.access import LIFETIME, devices_in_need, grants
    from edgeops.artifacts.open import mint_read_access
    from edgeops.artifacts.store import ReadAccess
    from edgeops.fleet.secrets import MASKED

    now = workspace.clock.now()
    in_need = devices_in_need(_wanted(fleet, plan), live, target.artifacts, now=now)
    if not in_need:
        return None
    if workspace.rehearsal:
        access = ReadAccess(urlsplit(target.artifacts.url).netloc, MASKED, now + LIFETIME)
    else:
        access = mint_read_access(target.artifacts, workspace.environ, now=now, lifetime=LIFETIME)
    return grants(in_need, target.artifacts.store, access)


def downloading(
    workspace: Workspace, fleet: DesiredFleet, plan: Plan, live: Mapping[str, LiveDevice]
) -> frozenset[str]:
    """The devices of the plan whose read access has to be renewed until they have downloaded."""
    target = fleet.hubs[workspace.hub]
    if target.artifacts is None or not plan.access:
        return frozenset()
    from edgeops.apply.access import devices_yet_to_download

    return devices_yet_to_download(_wanted(fleet, plan), live, target.artifacts)


def _wanted(fleet: DesiredFleet, plan: Plan) -> dict[str, DesiredDevice]:
    from edgeops.plan.targets import covered

    whole = {refusal.device for refusal in plan.refusals if not refusal.partly}
    left_alone = whole | set(plan.waiting) | {paused.device for paused in plan.paused}
    return {name: fleet.devices[name] for name in covered(fleet, plan.options) - left_alone}
