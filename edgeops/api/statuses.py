"""The status of devices: in sync, connected, healthy; now, or once they have converged."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import TYPE_CHECKING

from edgeops.api.session import left_to_configurations, on_hub, read
from edgeops.api.workspace import Workspace
from edgeops.errors import EdgeOpsError, UsageError

if TYPE_CHECKING:
    from edgeops.fleet.model import DesiredFleet
    from edgeops.health.device import DeviceStatus
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
    names = _members(fleet, group)
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
    from edgeops.health.device import device_status, waiting_status

    live = await read(workspace, hub, fleet, names)
    fleet, _, _ = await left_to_configurations(hub, fleet, live)
    create = fleet.hubs[workspace.hub].create_devices
    return [
        device_status(fleet.devices[name], live.get(name), is_in_sync(fleet, name, live.get(name)))
        if create or name in live or fleet.devices[name].paused
        else waiting_status(name)
        for name in sorted(names)
    ]


def is_in_sync(fleet: DesiredFleet, name: str, live: LiveDevice | None) -> bool:
    """Whether the twins of a device agree with git."""
    from edgeops.plan.device import plan_device

    device = fleet.devices[name]
    return (
        plan_device(device, live, fleet=fleet.name, commit=fleet.commit, create=True, uid=fleet.uid)
        == ()
    )


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
    clock = workspace.clock.monotonic
    deadline = clock() + seconds
    while True:
        rows = await statuses(workspace, hub, fleet, names)
        pending = [
            row for row in rows if not (row.is_left_alone or (row.in_sync and row.is_converged))
        ]
        if not pending:
            return rows
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


def _members(fleet: DesiredFleet, group: str | None) -> list[str]:
    from edgeops.fleet.suggest import did_you_mean

    if group is None:
        return sorted(fleet.devices)
    names = sorted(name for name, device in fleet.devices.items() if group in device.groups)
    if not names:
        groups = {group for device in fleet.devices.values() for group in device.groups}
        raise UsageError(f"no device is in a group `{group}`", did_you_mean(group, groups))
    return names
