"""Reading the events of a hub, from a cursor on."""

from __future__ import annotations

import asyncio

from edgeops.jsonvalue import JsonObject
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.steps import Steps


async def read_events(
    hub: EmulatedHub, *, after: int, most: int, device: str | None, wait: float
) -> JsonObject:
    """The events after a cursor: `{events, next}`; `next` is the cursor to go on from.

    When there are none it waits that many seconds for the first; so none means
    that these were all. `device` gives those of one device and its modules only.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + wait
    while True:
        found, following = await hub.scheduler.run(_page(hub, after, most, device))
        left = deadline - loop.time()
        if found or left <= 0 or hub.arrivals.stopped:
            return {"events": found, "next": following}
        after = following
        if hub.store.last_event() <= after:
            await hub.arrivals.wait(left)


def _page(
    hub: EmulatedHub, after: int, most: int, device: str | None
) -> Steps[tuple[list[JsonObject], int]]:
    """The events after a cursor, and the next cursor: the newest of all when there are none."""
    yield
    found = hub.store.events(after, most, device)
    return found, found[-1]["sequence"] if found else max(after, hub.store.last_event())
