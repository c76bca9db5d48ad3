"""The events of the hub, which on Azure come out of its Event Hubs endpoint.

`GET /events?after=&last=&max=&wait=&device=`: those after the cursor `after`
(or the `last` so many), at most `max`, and fewer when they are large; when
there are none yet, the answer waits up to `wait` seconds for the first.
"""

from __future__ import annotations

from aiohttp import web

from edgeops.localhub.http.routes import Route
from edgeops.localhub.http.wire import json_response, whole_number
from edgeops.localhub.policies import Permission
from edgeops.localhub.service.feed import read_events
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.state import errors

_MOST_EVENTS = 1000
_LONGEST_WAIT = 60


async def _list(hub: EmulatedHub, request: web.Request) -> web.Response:
    device = request.query.get("device")
    after = _number(request, "after", 0)
    if "last" in request.query:
        after = hub.store.start_of_last_events(_number(request, "last", 0), device)
    page = await read_events(
        hub,
        after=after,
        most=max(1, min(_number(request, "max", _MOST_EVENTS), _MOST_EVENTS)),
        device=device,
        wait=min(_number(request, "wait", 0), _LONGEST_WAIT),
    )
    return json_response(page)


def _number(request: web.Request, name: str, otherwise: int) -> int:
    text = request.query.get(name)
    if text is None:
        return otherwise
    number = whole_number(text)
    if number is None:
        raise errors.invalid(f"'{name}' must be a whole number.")
    return number


ROUTES = (Route("GET", "/events", Permission.SERVICE_CONNECT, _list),)
