"""Reads the event feed of a hub, from a cursor on."""

from __future__ import annotations

import asyncio

from edgeops.jsonvalue import JsonObject
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.steps import Steps


async def read_events(
    hub: EmulatedHub, *, after: int, limit: int, device: str | None, wait: float
) -> JsonObject:
    """The events after a cursor: `{events, next}`; `next` is the cursor for the next page.

    When there are none it waits up to `wait` seconds for the first. `device`
    selects the events of one device and its modules.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + wait
    while True:
        events, following = await hub.scheduler.run(_page(hub, after, limit, device))
        remaining = deadline - loop.time()
        if events or remaining <= 0 or hub.arrivals.stopped:
            return {"events": events, "next": following}
        after = following
        if hub.store.last_event() <= after:
            await hub.arrivals.wait(remaining)


def _page(
    hub: EmulatedHub, after: int, limit: int, device: str | None
) -> Steps[tuple[list[JsonObject], int]]:
    """The events after a cursor, and the next cursor: the newest event when there are none."""
    yield
    events = hub.store.events(after, limit, device)
    return events, events[-1]["sequence"] if events else max(after, hub.store.last_event())
