"""Emptying and filling a hub at once: this emulator's own, not Azure's.

`POST /reset` deletes all devices, configurations, jobs and events. `POST /seed` creates and changes
devices, modules and twins, all of them or none. `GET /clone` gives what the hub is a clone `of` (an
empty object if it is none), `empty` and `activeJobs`; `PUT /clone` takes over what is staged beside
the database, from a hub that is not empty with `{"replace": true}` only.
"""

from __future__ import annotations

from aiohttp import web

from edgeops.localhub.http.routes import Route
from edgeops.localhub.http.wire import json_body, json_object, json_response
from edgeops.localhub.policies import Permission
from edgeops.localhub.service import clones
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.service.resetting import reset
from edgeops.localhub.service.seeding import seed

_MAX_SEED_BYTES = 8 * 1024 * 1024


async def _reset(hub: EmulatedHub, _: web.Request) -> web.Response:
    reset(hub)
    return json_response({})


async def _seed(hub: EmulatedHub, request: web.Request) -> web.Response:
    result = seed(hub, await json_body(request, _MAX_SEED_BYTES))
    return json_response(result)


async def _clone(hub: EmulatedHub, _: web.Request) -> web.Response:
    return json_response(clones.state_of(hub))


async def _take_over(hub: EmulatedHub, request: web.Request) -> web.Response:
    body = await json_object(request)
    clones.take_over(hub, replace=body.get("replace") is True)
    return await _clone(hub, request)


ROUTES = (
    Route("POST", "/reset", Permission.REGISTRY_WRITE, _reset, None),
    Route("POST", "/seed", Permission.REGISTRY_WRITE, _seed, None),
    Route("GET", "/clone", Permission.REGISTRY_READ, _clone, None),
    Route("PUT", "/clone", Permission.REGISTRY_WRITE, _take_over, None),
)
