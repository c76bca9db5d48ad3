"""Reading the live twins of a fleet."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from edgeops.api.workspace import Workspace

if TYPE_CHECKING:
    from edgeops.fleet.model import DesiredFleet
    from edgeops.hub.port import Hub
    from edgeops.twin import LiveDevice


async def read(
    workspace: Workspace, hub: Hub, fleet: DesiredFleet, names: Collection[str]
) -> dict[str, LiveDevice]:
    """Those of the named devices that are on the hub; devices that git lacks without modules."""
    from edgeops.hub.live import ReadRequest, choose_by_query, read_live

    wanted = {}
    for name in sorted(names):
        device = fleet.devices.get(name)
        wanted[name] = ReadRequest(tuple(device.modules), device.edge) if device else ReadRequest()
    by_query = choose_by_query(fleet.hubs[workspace.hub], len(wanted))
    with workspace.observer.progress("reading twins", quiet=not wanted) as told:
        return await read_live(hub, wanted, by_query=by_query, progress=told)
