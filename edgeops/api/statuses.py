"""The status of devices: in sync, connected, healthy; now, or once they have converged."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import TYPE_CHECKING

from edgeops.api.looking import changes_of, look
from edgeops.api.session import on_hub
from edgeops.api.workspace import Workspace
from edgeops.errors import EdgeOpsError, UsageError

if TYPE_CHECKING:
    from edgeops.fleet.model import DesiredFleet
    from edgeops.health.device import DeviceStatus
    from edgeops.health.seen import SeenDevice
    from edgeops.hub.port import Hub
    from edgeops.twin import LiveDevice

SECONDS_BETWEEN_READS = 5.0


def status(
    workspace: Workspace,
    *,
    rev: str = "HEAD",
    group: str | None = None,
    wait: float | None = None,
) -> list[DeviceStatus]:
    """The status of the devices of a fleet, or of a group, sorted by name.

    With `wait` (seconds), the status once all are in sync and Converged, apart from
    those that others have yet to create on the hub, and those that git pauses; raises
    `EdgeOpsError` when that takes longer. Raises `InvalidFleet`, `UsageError`
    for a group without devices, and `HubError`.
    """
    fleet = workspace.at(rev).fleet
    names = members(fleet, group)
    if wait is not None:
        return wait_until_converged(workspace, fleet, names, wait)
    return on_hub(workspace, fleet, lambda hub: statuses(workspace, hub, fleet, names))


def wait_until_converged(
    workspace: Workspace, fleet: DesiredFleet, names: Collection[str], seconds: float
) -> list[DeviceStatus]:
    """The status of the named devices once all are in sync and Converged.

    Those that are Waiting or Paused do not count. Raises `EdgeOpsError` when that takes
    longer than `seconds`, and `HubError`.
    """
    return on_hub(
        workspace, fleet, lambda hub: until_converged(workspace, hub, fleet, names, seconds)
    )


async def statuses(
    workspace: Workspace, hub: Hub, fleet: DesiredFleet, names: Collection[str]
) -> list[DeviceStatus]:
    """The current status of the named devices."""
    return [device.status for device in await look(workspace, hub, fleet, names)]


def is_in_sync(fleet: DesiredFleet, name: str, live: LiveDevice | None) -> bool:
    """Whether the twins of a device agree with git."""
    return changes_of(fleet, name, live) == ()


async def until_converged(
    workspace: Workspace,
    hub: Hub,
    fleet: DesiredFleet,
    names: Collection[str],
    seconds: float,
) -> list[DeviceStatus]:
    """The status of the named devices once all are in sync and Converged.

    Those that are Waiting or Paused do not count. Raises `EdgeOpsError` when that takes
    longer than `seconds`.
    """
    seen = await once_converged(workspace, hub, fleet, names, seconds)
    return [device.status for device in seen]


async def once_converged(
    workspace: Workspace,
    hub: Hub,
    fleet: DesiredFleet,
    names: Collection[str],
    seconds: float,
) -> list[SeenDevice]:
    """The devices as `until_converged` found them. Raises as it does."""
    clock = workspace.clock.monotonic
    deadline = clock() + seconds
    while True:
        seen = await look(workspace, hub, fleet, names)
        rows = [device.status for device in seen]
        pending = [
            row for row in rows if not (row.is_left_alone or (row.in_sync and row.is_converged))
        ]
        if not pending:
            return seen
        workspace.observer.waiting(rows)
        left = deadline - clock()
        if left <= 0:
            first = pending[0]
            why = first.health.reason or first.health.state.value
            raise EdgeOpsError(
                f"{len(pending)} of {len(rows)} devices have not converged within {seconds:g} s"
                f" (first: {first.device}, {why})",
                "see the reasons with `edgeops status`",
            )
        await asyncio.sleep(min(SECONDS_BETWEEN_READS, left))


def members(
    fleet: DesiredFleet, group: str | None = None, targets: Collection[str] = ()
) -> list[str]:
    """The names of the devices in a group that match a target, sorted.

    Raises `UsageError` for a group without devices, and for a target that no device matches.
    """
    from edgeops.fleet.suggest import did_you_mean
    from edgeops.plan.targets import check_targets, matches

    check_targets(fleet, targets, {})
    names = sorted(
        name
        for name, device in fleet.devices.items()
        if group in (None, *device.groups) and matches(name, device.labels, targets)
    )
    groups = {group for device in fleet.devices.values() for group in device.groups}
    if group is not None and group not in groups:
        raise UsageError(f"no device is in a group `{group}`", did_you_mean(group, groups))
    return names
