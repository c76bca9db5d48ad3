"""Reading the events of a hub, from a cursor on."""

from __future__ import annotations

import asyncio

from edgeops.localhub.service.hub import Hub
from edgeops.twin import JsonObject


async def read_events(
    hub: Hub, *, after: int, most: int, device: str | None, wait: float
) -> JsonObject:
    """The events after a cursor: `{events, next}`; `next` is the cursor to go on from.

    When there are none it waits that many seconds for the first. `device`
    gives those of one device and its modules only.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + wait
    while True:
        newest = hub.store.last_event()
        found = hub.store.events(after, most, device)
        left = deadline - loop.time()
        if found or left <= 0 or hub.arrivals.stopped:
            whole = len(found) < most
            return {"events": found, "next": max(after, newest) if whole else found[-1]["sequence"]}
        await hub.arrivals.wait(left)
