"""The events of the hub, which Azure delivers through its Event Hubs endpoint.

`GET /events?after=&last=&max=&wait=&device=`: the events after the cursor
`after` (or the newest `last`), at most `max`, and fewer when they are large;
when there are none, the response waits up to `wait` seconds for the first.
"""

from __future__ import annotations

from aiohttp import web

from edgeops.localhub.http.routes import Route
from edgeops.localhub.http.wire import json_response, whole_number
from edgeops.localhub.policies import Permission
from edgeops.localhub.service.feed import read_events
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.state import errors
from edgeops.localhub.state.throttles import OperationKind

_MAX_EVENTS = 1000
_MAX_WAIT_SECONDS = 60


async def _list(hub: EmulatedHub, request: web.Request) -> web.Response:
    device = request.query.get("device")
    after = _number(request, "after", 0)
    if "last" in request.query:
        after = hub.store.start_of_last_events(_number(request, "last", 0), device)
    page = await read_events(
        hub,
        after=after,
        limit=max(1, min(_number(request, "max", _MAX_EVENTS), _MAX_EVENTS)),
        device=device,
        wait=min(_number(request, "wait", 0), _MAX_WAIT_SECONDS),
    )
    return json_response(page)


def _number(request: web.Request, name: str, default: int) -> int:
    number = whole_number(request.query.get(name, str(default)))
    if number is None:
        raise errors.invalid(f"'{name}' must be a whole number.")
    return number


ROUTES = (Route("GET", "/events", Permission.SERVICE_CONNECT, _list, OperationKind.EVENTS),)
