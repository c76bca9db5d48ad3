"""The resource that shows what the hub is a clone of, and makes it one.

`GET /clone` gives `of` (an empty object if it is no clone), `empty` and `activeJobs`. `PUT /clone`
takes over what is staged beside the database, from a hub that is not empty with `{"replace": true}`
only. This is the emulator's own, not Azure's.
"""

from __future__ import annotations

from aiohttp import web

from edgeops.localhub.http.routes import Route
from edgeops.localhub.http.wire import json_object, json_response
from edgeops.localhub.policies import Permission
from edgeops.localhub.service import clones
from edgeops.localhub.service.hub import EmulatedHub


async def _get(hub: EmulatedHub, _: web.Request) -> web.Response:
    return json_response(clones.state_of(hub))


async def _put(hub: EmulatedHub, request: web.Request) -> web.Response:
    body = await json_object(request)
    clones.take_over(hub, replace=body.get("replace") is True)
    return json_response(clones.state_of(hub))


ROUTES = (
    Route("GET", "/clone", Permission.REGISTRY_READ, _get, None),
    Route("PUT", "/clone", Permission.REGISTRY_WRITE, _put, None),
)
