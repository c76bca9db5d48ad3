"""Looks at devices: what git says of them, what their twins say, and how they are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from edgeops.api.session import left_to_configurations, read
from edgeops.api.workspace import Workspace
from edgeops.errors import EdgeOpsError

if TYPE_CHECKING:
    from edgeops.fleet.model import DesiredFleet
    from edgeops.health.seen import SeenDevice, Standing
    from edgeops.hub.port import Hub
    from edgeops.plan.model import Change, Refusal
    from edgeops.twin import LiveDevice, Twin


async def look(
    workspace: Workspace, hub: Hub, fleet: DesiredFleet, names: Collection[str]
) -> list[SeenDevice]:
    """The named devices of git as they are now, sorted by name."""
    live = await read(workspace, hub, fleet, names)
    fleet, _, _ = await left_to_configurations(hub, fleet, live)
    last = last_commits(workspace, live)
    return [see(workspace, fleet, name, live.get(name), last) for name in sorted(names)]


def see(
    workspace: Workspace,
    fleet: DesiredFleet,
    name: str,
    live: LiveDevice | None,
    last: Callable[[LiveDevice], str | None],
) -> SeenDevice:
    """One device of git; `last` gives the commit that was written to it last."""
    from edgeops.health.device import device_status, waiting_status
    from edgeops.health.seen import seen_device
    from edgeops.plan.model import Reason

    device = fleet.devices[name]
    if live is None and not (device.paused or fleet.hubs[workspace.hub].create_devices):
        return seen_device(device, None, waiting_status(name), commit=None, drift=False)
    changes = changes_of(fleet, name, live)
    drift = isinstance(changes, tuple) and any(c.reason is Reason.DRIFT for c in changes)
    status = device_status(device, live, changes == ())
    return seen_device(device, live, status, commit=last(live) if live else None, drift=drift)


def changes_of(
    fleet: DesiredFleet, name: str, live: LiveDevice | None
) -> tuple[Change, ...] | Refusal:
    """What a sync would write to a device; empty if its twins agree with git."""
    from edgeops.plan.device import plan_device
    from edgeops.plan.ownership import Owner

    return plan_device(fleet.devices[name], live, Owner.of(fleet), create=True)


def last_commits(
    workspace: Workspace, live: Mapping[str, LiveDevice]
) -> Callable[[LiveDevice], str | None]:
    """Gives the newest commit in the stamps of a device; those not in this clone count as older."""
    from edgeops.health.seen import stamp_commits
    from edgeops.source.commits import FoundCommit, found_commits

    every = {commit for device in live.values() for commit in stamp_commits(device)}
    found: dict[str, FoundCommit] = {}
    with suppress(EdgeOpsError):  # no git: the stamp of the device counts
        found = found_commits(workspace.root, every)
    times = {commit: each.when for commit, each in found.items()}
    return lambda device: max(stamp_commits(device), key=lambda c: times.get(c, 0), default=None)


async def gone_from_git(
    workspace: Workspace, hub: Hub, fleet: DesiredFleet, stamped: Collection[str]
) -> tuple[SeenDevice, ...]:
    """The devices that this fleet wrote and git no longer has on this hub, by name.

    `stamped` are those with its name in their stamps, as `Hub.devices_of` gives them.
    """
    live = await read(workspace, hub, fleet, set(stamped) - fleet.devices.keys())
    seen = (without_git(fleet, live[name].twin) for name in sorted(live))
    return tuple(device for device in seen if device is not None and _is_gone(device))


async def not_in_git(hub: Hub, fleet: DesiredFleet) -> tuple[SeenDevice, ...]:
    """Every device on the hub that git does not have there, by name; by query."""
    seen = [without_git(fleet, twin) async for twin in hub.device_twins()]
    return tuple(sorted(filter(None, seen), key=lambda device: device.name))


def without_git(fleet: DesiredFleet, twin: Twin) -> SeenDevice | None:
    """A device that git does not have on this hub.

    None if git has it, and for identities that hold the history of a fleet.
    """
    from edgeops.health.seen import seen_without_git
    from edgeops.history_device import is_history_device

    if twin.device in fleet.devices or is_history_device(twin.device):
        return None
    return seen_without_git(twin, _standing(fleet, twin))


def _standing(fleet: DesiredFleet, twin: Twin) -> Standing:
    from edgeops.health.seen import Standing
    from edgeops.plan.ownership import Owner
    from edgeops.stamp import decode

    stamp = decode(twin.tags)
    foreign = stamp is None or Owner.of(fleet).foreign(stamp, twin.device) is not None
    return Standing.FOREIGN if foreign else Standing.GONE


def _is_gone(device: SeenDevice) -> bool:
    from edgeops.health.seen import Standing

    return device.standing is Standing.GONE
