"""Lists the devices of a fleet, once or again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from edgeops.api.looking import gone_from_git, look, not_in_git
from edgeops.api.session import on_hub
from edgeops.api.statuses import members, once_converged
from edgeops.api.workspace import Revision, Workspace

if TYPE_CHECKING:
    from edgeops.fleet.model import DesiredFleet
    from edgeops.health.device import HealthState
    from edgeops.health.seen import SeenDevice
    from edgeops.hub.port import Hub
    from edgeops.promotion.rings import Ring


T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, slots=True)
class DeviceFilter:
    """Which devices to list: those that match all of these; every device of git by default.

    `targets` are device names or `label=value`, one of which a device matches; `health` are the
    states that it may be in. `not_in_git` lists the devices of the hub that git does not have there
    instead; these have neither labels, groups nor health, so that `targets` are names.
    """

    targets: tuple[str, ...] = ()
    group: str | None = None
    health: frozenset[HealthState] = frozenset()
    not_in_git: bool = False


@dataclass(frozen=True, slots=True)
class SeenFleet:
    """The listed devices, by name.

    `gone` are those that this fleet wrote and git no longer has on this hub; None if that was not
    looked up, as where only some devices were asked for. `rings` are those of each slot,
    if they were asked for.
    """

    name: str
    hub: str
    commit: str | None
    devices: tuple[SeenDevice, ...]
    gone: tuple[SeenDevice, ...] | None = None
    rings: Mapping[str, tuple[Ring, ...]] = field(default_factory=dict)


def list_devices(
    workspace: Workspace,
    chosen: DeviceFilter | None = None,
    *,
    rev: str = "HEAD",
    wait: float | None = None,
    with_rings: bool = False,
) -> SeenFleet:
    """The devices of a hub that match a filter, as they are now.

    With `wait` (seconds), as they are once all of them that are not Waiting are in sync and
    Converged; raises `EdgeOpsError` when that takes longer. Raises `InvalidFleet`, `UsageError` for
    a target or group that no device matches, and `HubError`.
    """
    return devices_at(workspace.at(rev), chosen, wait=wait, with_rings=with_rings)


def devices_at(
    revision: Revision,
    chosen: DeviceFilter | None = None,
    *,
    wait: float | None = None,
    with_rings: bool = False,
) -> SeenFleet:
    """The devices that match a filter, compared with a revision. Raises like `list_devices`."""
    workspace, fleet = revision.workspace, revision.fleet

    async def work(hub: Hub) -> SeenFleet:
        return await _seen(workspace, hub, fleet, chosen or DeviceFilter(), wait)

    seen = on_hub(workspace, fleet, work)
    return replace(seen, rings=_rings(revision)) if with_rings else seen


def watch_devices(
    workspace: Workspace,
    shown: Callable[[SeenFleet], None],
    chosen: DeviceFilter | None = None,
    *,
    rev: str = "HEAD",
    every: float = 10.0,
) -> None:
    """Give `shown` the devices that match a filter `every` so many seconds, until interrupted.

    A new commit at the revision counts from the next time on. Raises like `list_devices`, and
    `Interrupted`.
    """
    from edgeops.source.revision import resolve_commit

    chosen = chosen or DeviceFilter()
    fleet = workspace.at(rev).fleet

    async def work(hub: Hub) -> None:
        nonlocal fleet
        while True:
            shown(await _seen(workspace, hub, fleet, chosen))
            await asyncio.sleep(every)
            if resolve_commit(workspace.root, rev) != fleet.commit:
                fleet = workspace.at(rev).fleet

    on_hub(workspace, fleet, work)


def _rings(revision: Revision) -> dict[str, tuple[Ring, ...]]:
    from edgeops.promotion.rings import rings, slots_in_rings
    from edgeops.promotion.value import slot_path

    fleet, catalog = revision.fleet, revision.catalog
    return {slot: rings(catalog, fleet, slot_path(slot)) for slot in slots_in_rings(catalog)}


async def _seen(
    workspace: Workspace,
    hub: Hub,
    fleet: DesiredFleet,
    chosen: DeviceFilter,
    wait: float | None = None,
) -> SeenFleet:
    seen = SeenFleet(fleet.name, workspace.hub, fleet.commit, ())
    if chosen.not_in_git:
        return replace(seen, devices=tuple(_named(await not_in_git(hub, fleet), chosen.targets)))
    names = members(fleet, chosen.group, chosen.targets)
    if wait is not None:
        looking = once_converged(workspace, hub, fleet, names, wait)
    else:
        looking = look(workspace, hub, fleet, names)
    gone = None
    if len(names) == len(fleet.devices):
        devices, stamped = await at_once(looking, hub.devices_of(fleet.name))
        gone = await gone_from_git(workspace, hub, fleet, stamped)
    else:
        devices = await looking
    if chosen.health:
        devices = [one for one in devices if one.status.health.state in chosen.health]
    return replace(seen, devices=tuple(devices), gone=gone)


async def at_once(one: Coroutine[Any, Any, T], other: Coroutine[Any, Any, U]) -> tuple[T, U]:
    """The results of two coroutines at once: hubs limit queries and reads each by itself."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = group.create_task(one), group.create_task(other)
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return tasks[0].result(), tasks[1].result()


def _named(devices: Iterable[SeenDevice], targets: tuple[str, ...]) -> list[SeenDevice]:
    return [device for device in devices if not targets or device.name in targets]
