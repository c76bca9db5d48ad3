"""Clones a hub of the fleet into the local one, so that a sync can be rehearsed on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import repeat
from typing import TYPE_CHECKING, Any

from edgeops.api.rehearsing import throttle
from edgeops.api.session import local_hub
from edgeops.api.workspace import LOCAL, Workspace, utc
from edgeops.errors import Refused, UsageError

if TYPE_CHECKING:
    from edgeops.adopt.mask_clone import MaskedCounts
    from edgeops.fleet.model import DesiredFleet, HubTarget
    from edgeops.hub.reader import HubReader
    from edgeops.localhub.service.clones import StagedClone

_UNTOUCHED = "the local hub is as it was"


@dataclass(frozen=True, slots=True)
class Cloned:
    """What was cloned from a hub, and in how many seconds.

    `masked` has the number of values that were masked by where they were: tags, desired, reported,
    configurations. `left_out` says what the clone does not have, and why.
    """

    hub: str
    hostname: str
    sku: str
    units: int
    devices: int
    modules: int
    configurations: int
    seconds: float
    masked: Mapping[str, int]
    left_out: tuple[str, ...]


def clone_hub(workspace: Workspace, source: str, *, replace_all: bool = False) -> Cloned:
    """Make the local hub a clone of a hub of the fleet, which is only read.

    The clone has its devices, modules, twins and configurations, with new keys and without secrets.
    It is complete, or the local hub is as it was; a running local hub works under the throttles of
    the SKU and units of the source from then on. With `replace_all`, what the local hub has is
    deleted. Raises `UsageError`, `InvalidFleet`, `HubError`, and `Refused` if the local hub is not
    empty.
    """
    from edgeops.api.running import complete
    from edgeops.fleet.hubs import find_hub

    if source == LOCAL:
        raise UsageError("the local hub cannot be cloned into itself", "name a hub of the Fleet")
    fleet = replace(workspace, hub=source).at("HEAD").fleet
    target = find_hub(fleet.hubs, source)
    return complete(_clone(workspace, fleet, target, replace_all=replace_all), hint=_UNTOUCHED)


async def _clone(
    workspace: Workspace, fleet: DesiredFleet, target: HubTarget, *, replace_all: bool
) -> Cloned:
    from edgeops.adopt.mask_clone import MaskedCounts
    from edgeops.hub.open import open_reader
    from edgeops.localhub.access import running
    from edgeops.localhub.client import client
    from edgeops.localhub.service.clones import staging

    started = workspace.clock.monotonic()
    counts = MaskedCounts()
    with local_hub(workspace):
        endpoint = running(workspace.hub_dir)
        if endpoint and target.hostname in (endpoint.hostname, f"{endpoint.host}:{endpoint.port}"):
            raise UsageError(f"hub `{target.name}` is the local hub: it cannot clone itself")
        send = client(workspace.hub_dir, "registryReadWrite", seconds=600)
        _check_room(send("GET", "/clone", None), replace_all=replace_all)
        with staging(workspace.hub_dir, workspace.clock.now) as staged:
            async with open_reader(target, environ=workspace.environ) as reader:
                await _read_twins(workspace, fleet, reader, staged, counts)
                number, left_out = await _read_configurations(workspace, reader, staged, counts)
            at = utc(workspace.clock.now())
            with workspace.observer.progress("completing the clone") as progress:
                devices, modules = staged.finish(
                    {"hub": target.name, "hostname": target.hostname, "at": at}, progress
                )
            with workspace.observer.progress("taking it over", "steps") as progress:
                progress(0, 1)
                send("PUT", "/clone", {"replace": replace_all})
                progress(1, 1)
            throttle(send, target)
    return Cloned(
        hub=target.name,
        hostname=target.hostname or "",
        sku=target.sku,
        units=target.units,
        devices=devices,
        modules=modules,
        configurations=number,
        seconds=workspace.clock.monotonic() - started,
        masked=dict(counts),
        left_out=left_out,
    )


def _check_room(state: Mapping[str, Any], *, replace_all: bool) -> None:
    if not state["empty"] and not replace_all:
        source = state["of"].get("hub")
        what = f"is a clone of `{source}`" if source else "has devices or configurations"
        raise Refused(
            f"the local hub {what}, and a clone is not mixed with others",
            "--replace deletes what it has; `edgeops hub reset` empties it",
        )
    if state["activeJobs"]:
        raise Refused("the local hub has jobs that have not ended", "wait for them, or cancel them")


async def _read_twins(
    workspace: Workspace,
    fleet: DesiredFleet,
    reader: HubReader,
    staged: StagedClone,
    counts: MaskedCounts,
) -> None:
    from edgeops.adopt.mask_clone import masked_twin

    modules = sum(len(each.modules) + (2 if each.edge else 0) for each in fleet.devices.values())
    for unit, pages, expected in (
        ("devices", reader.device_twins(), len(fleet.devices)),
        ("modules", reader.module_twins(), modules),
    ):
        with workspace.observer.progress(f"reading {unit}", unit) as progress:
            done = 0
            async for page in pages:
                if done:  # only the last page says how many there are
                    progress(done, max(expected, done + len(page)))
                owners = (fleet.devices.get(str(twin["deviceId"])) for twin in page)
                staged.add_twins(map(masked_twin, page, owners, repeat(counts)))
                done += len(page)
            progress(done, done)


async def _read_configurations(
    workspace: Workspace, reader: HubReader, staged: StagedClone, counts: MaskedCounts
) -> tuple[int, tuple[str, ...]]:
    """Stage the configurations; gives their number, and what is left out and why."""
    from edgeops.adopt.mask_clone import masked_configuration
    from edgeops.hub.port import Unauthorized

    with workspace.observer.progress("reading configurations", "configurations") as progress:
        try:
            documents = await reader.configurations()
        except Unauthorized:
            return 0, (
                "all automatic configurations and deployments: these credentials may not read them"
                " (Microsoft.Devices/IotHubs/configurations/read), so a rehearsal refuses no path"
                " that they write",
            )
        left_out = []
        for number, document in enumerate(documents, 1):
            if why := staged.add_configuration(masked_configuration(document, counts)):
                left_out.append(f"the configuration {document.get('id')}: {why}")
            progress(number, len(documents))
    return len(documents) - len(left_out), tuple(left_out)
