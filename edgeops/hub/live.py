"""Reads from a hub the devices that git names."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from edgeops.fleet.model import HubTarget
from edgeops.fleet.shared_values import SharedValues
from edgeops.hub.port import Hub, NotFound
from edgeops.twin import EDGE_AGENT, EDGE_HUB, LiveDevice, Twin

READERS = 32
QUERY_PAYS_FROM = 50  # devices; for fewer, reading each twin is as fast

Progress = Callable[[int, int], None]
Keep = Callable[[str, LiveDevice], bool]
_Read = Callable[[str, str | None], Awaitable[Twin]]


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """The modules of a device to read; `edge` adds the system modules."""

    modules: tuple[str, ...] = ()
    edge: bool = False

    def names(self) -> tuple[str, ...]:
        """Every module to read."""
        return (*self.modules, EDGE_AGENT, EDGE_HUB) if self.edge else self.modules


def choose_by_query(target: HubTarget, devices: int, fleet: int = 0) -> bool:
    """Whether to read the whole hub with two queries rather than each twin of some devices.

    S1 and S2 allow 100 twin reads a second, but only 20 queries (of 100 twins) a minute and unit:
    reading each twin is faster there, and consistent. S3 allows 1,000 queries a minute and unit,
    the local hub any number: there, queries save most requests of a large fleet. Query results may
    be minutes old on Azure; at worst a device is planned again, since writes carry the etag. For a
    small part of a fleet of so many devices they would read far more than is needed.
    """
    many = devices > QUERY_PAYS_FROM and 4 * devices > fleet
    return many and (target.local or target.sku == "S3")


async def read_live(
    hub: Hub,
    wanted: Mapping[str, ReadRequest],
    *,
    by_query: bool,
    progress: Progress,
    timed: bool = False,
    keep: Keep = lambda _name, _live: True,
) -> dict[str, LiveDevice]:
    """The wanted devices that exist on the hub, with their wanted modules that exist.

    `timed` twins have the times of their values, and are read one by one. `progress` gets the
    number of devices read, and of all. `keep` is asked about each device as soon as it is read:
    without those that it does not keep, a large fleet needs little memory. Raises `HubError`.
    """
    if by_query and not timed:
        live = await _read_by_query(hub, wanted, progress, keep)
    else:
        live = await _read_each(hub.timed_twin if timed else hub.twin, wanted, progress, keep)
    return {name: live[name] for name in wanted if name in live}


async def _read_each(
    read: _Read, wanted: Mapping[str, ReadRequest], progress: Progress, keep: Keep
) -> dict[str, LiveDevice]:
    live, shared = dict[str, LiveDevice](), SharedValues()
    done = 0
    waiting: Iterator[tuple[str, ReadRequest]] = iter(wanted.items())

    async def reader() -> None:
        nonlocal done
        for name, request in waiting:  # shared: each reader takes the next device
            device = await _read_device(read, name, request)
            if device is not None and keep(name, device):
                live[name] = _sharing(device, shared)
            done += 1
            progress(done, len(wanted))

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(READERS, len(wanted))):
                group.create_task(reader())
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return live


async def _read_device(read: _Read, name: str, request: ReadRequest) -> LiveDevice | None:
    twin = await _twin_or_none(read, name)
    if twin is None:
        return None
    modules = {module: await _twin_or_none(read, name, module) for module in request.names()}
    return LiveDevice(twin, {name: module for name, module in modules.items() if module})


async def _twin_or_none(read: _Read, device: str, module: str | None = None) -> Twin | None:
    try:
        return await read(device, module)
    except NotFound:
        return None


async def _read_by_query(
    hub: Hub, wanted: Mapping[str, ReadRequest], progress: Progress, keep: Keep
) -> dict[str, LiveDevice]:
    live, shared = dict[str, LiveDevice](), SharedValues()
    incomplete: dict[str, tuple[Twin, dict[str, Twin]]] = {}
    seen: set[str] = set()  # a query may give a device again: the last one counts

    def complete(twin: Twin, modules: dict[str, Twin]) -> None:
        live.pop(twin.device, None)
        device = LiveDevice(twin, modules)
        if keep(twin.device, device):
            live[twin.device] = _sharing(device, shared)

    async for twin in hub.device_twins():
        request = wanted.get(twin.device)
        if request is None:
            continue
        seen.add(twin.device)
        progress(len(seen), len(wanted))
        if request.names():
            incomplete[twin.device] = twin, {}
        else:
            complete(twin, {})
    async for module in hub.module_twins():
        if module.device not in incomplete or module.module is None:
            continue
        twin, modules = incomplete[module.device]
        names = wanted[module.device].names()
        if module.module in names:
            modules[module.module] = module
            if len(modules) == len(names):
                del incomplete[module.device]
                complete(twin, modules)
    for twin, modules in incomplete.values():
        complete(twin, modules)
    return live


def _sharing(device: LiveDevice, shared: SharedValues) -> LiveDevice:
    def small(twin: Twin) -> Twin:
        tags, desired, reported = map(shared.section, (twin.tags, twin.desired, twin.reported))
        return replace(twin, tags=tags, desired=desired, reported=reported)

    modules = {name: small(module) for name, module in device.modules.items()}
    return LiveDevice(small(device.twin), modules)
