"""Lets go of devices: they stay on the hub with all values, and edgeops owns nothing of them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from edgeops import stamp as stamps
from edgeops.apply.replan import Conflict
from edgeops.errors import Refused
from edgeops.hub.port import EtagMismatch, Hub, NotFound
from edgeops.plan.ownership import Owner
from edgeops.twin import Twin

_TRIES = 5


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A device that was let go, and those of its modules whose twins bore a stamp."""

    device: str
    modules: tuple[str, ...]


async def forget(
    hub: Hub,
    devices: Collection[str],
    owner: Owner,
    *,
    dry_run: bool,
    before_writing: Callable[[tuple[Forgotten, ...]], None] = lambda _: None,
) -> tuple[Forgotten, ...]:
    """Remove the stamps of this fleet from devices and their modules.

    All are checked before the first write. `before_writing` gets what would be dropped and can
    raise to prevent all writes. Raises `Refused` for a device that is not on the hub or
    not this fleet's, `Conflict` for one that keeps changing, and `HubError`.
    """
    own = await _stamped(hub, devices, owner)
    forgotten = tuple(Forgotten(device, modules) for device, modules in own.items())
    if not dry_run:
        before_writing(forgotten)
        for device, modules in own.items():
            for module in (*modules, None):  # the device last: what is interrupted can be repeated
                await _drop(hub, device, module, owner)
    return forgotten


async def _stamped(hub: Hub, devices: Collection[str], owner: Owner) -> dict[str, tuple[str, ...]]:
    """The modules with a stamp of this fleet, by device."""
    for name in devices:
        _check(name, await _twin(hub, name, None), owner)
    modules: dict[str, list[str]] = {name: [] for name in sorted(devices)}
    async for twin in hub.module_twins():
        if twin.module is not None and twin.device in modules and _is_ours(twin, owner):
            modules[twin.device].append(twin.module)
    return {name: tuple(sorted(stamped)) for name, stamped in modules.items()}


async def _drop(hub: Hub, device: str, module: str | None, owner: Owner) -> None:
    for _ in range(_TRIES):
        twin = await _twin(hub, device, module)
        if twin is None or not _is_ours(twin, owner):
            return
        try:
            await hub.patch_twin(
                device, module, tags={stamps.TAG: None}, desired={}, etag=twin.etag
            )
        except EtagMismatch:
            continue
        return
    raise Conflict(f"{device} keeps changing on the hub", "find out what writes to its twins")


def _is_ours(twin: Twin, owner: Owner) -> bool:
    stamp = stamps.decode(twin.tags)
    return stamp is not None and owner.foreign(stamp, twin.device) is None


def _check(device: str, twin: Twin | None, owner: Owner) -> None:
    if twin is None:
        raise Refused(f"{device} is not on the hub", "check its id")
    stamp = stamps.decode(twin.tags)
    if stamp is None:
        raise Refused(f"{twin.device} is not managed by edgeops", "there is nothing to forget")
    if foreign := owner.foreign(stamp, twin.device):
        raise Refused(f"{twin.device} {foreign.reason}", foreign.hint)


async def _twin(hub: Hub, device: str, module: str | None) -> Twin | None:
    try:
        return await hub.twin(device, module)
    except NotFound:
        return None
