"""Reading the live twins of a fleet, with progress."""

from __future__ import annotations

import sys
import time
from collections.abc import Collection
from typing import TYPE_CHECKING

from edgeops.cli.settings import Settings

if TYPE_CHECKING:
    from edgeops.fleet.model import DesiredFleet
    from edgeops.hub.port import Hub
    from edgeops.twin import LiveDevice


async def read(
    hub: Hub, fleet: DesiredFleet, names: Collection[str], options: Settings
) -> dict[str, LiveDevice]:
    """Those of the named devices that are on the hub; devices that git lacks without modules."""
    from edgeops.hub.live import ReadRequest, choose_by_query, read_live
    from edgeops.report.progress import progress

    wanted = {}
    for name in sorted(names):
        device = fleet.devices.get(name)
        wanted[name] = ReadRequest(tuple(device.modules), device.edge) if device else ReadRequest()
    by_query = choose_by_query(fleet.hubs[options.hub], len(wanted))
    with progress(
        "reading twins",
        sys.stderr,
        clock=time.monotonic,
        quiet=options.quiet or not wanted,
        color=options.color,
    ) as told:
        return await read_live(hub, wanted, by_query=by_query, progress=told)
