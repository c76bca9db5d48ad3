"""The status of devices, once or until they have converged."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection
from typing import TYPE_CHECKING

from edgeops.cli.reading import read
from edgeops.cli.settings import Settings
from edgeops.errors import EdgeOpsError

if TYPE_CHECKING:
    from edgeops.fleet.model import DesiredFleet
    from edgeops.hub.port import Hub
    from edgeops.report.status_text import DeviceStatus

SECONDS_BETWEEN_READS = 5.0


async def statuses(
    hub: Hub, fleet: DesiredFleet, names: Collection[str], options: Settings
) -> list[DeviceStatus]:
    """How the named devices are now."""
    from edgeops.plan.device import plan_device
    from edgeops.plan.health import health
    from edgeops.report.status_text import DeviceStatus

    live = await read(hub, fleet, names, options)
    rows = []
    for name in sorted(names):
        device, now = fleet.devices[name], live.get(name)
        planned = plan_device(device, now, fleet=fleet.name, commit=fleet.commit, create=True)
        in_sync = planned == ()
        twins = (now.twin, *now.modules.values()) if now else ()
        connected = any(twin.connected for twin in twins)
        rows.append(DeviceStatus(name, in_sync, connected, health(device, now, in_sync)))
    return rows


async def wait_until_converged(
    hub: Hub, fleet: DesiredFleet, names: Collection[str], seconds: float, options: Settings
) -> list[DeviceStatus]:
    """The status once all named devices are in sync and Converged.

    Raises `EdgeOpsError` when that takes longer than that many seconds.
    """
    from edgeops.plan.health import State
    from edgeops.report.status_text import summary

    deadline = time.monotonic() + seconds
    told = ""
    while True:
        rows = await statuses(hub, fleet, names, options)
        pending = [r for r in rows if not r.in_sync or r.health.state is not State.CONVERGED]
        if not pending:
            return rows
        if told != (told := summary(rows)):
            options.note(told)
        left = deadline - time.monotonic()
        if left <= 0:
            first = pending[0]
            why = first.health.reason or first.health.state.value
            raise EdgeOpsError(
                f"{len(pending)} of {len(rows)} devices have not converged in {seconds:g} s"
                f" (first: {first.device}, {why})",
                "see `edgeops status`",
            )
        await asyncio.sleep(min(SECONDS_BETWEEN_READS, left))
