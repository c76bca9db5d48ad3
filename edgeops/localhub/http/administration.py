"""Emptying and filling a hub at once: this emulator's own, not Azure's.

`POST /reset` deletes all devices, configurations, jobs and events. `POST /seed` creates and changes
devices, modules and twins, all of them or none.
"""

from __future__ import annotations

from aiohttp import web

from edgeops.localhub.http.routes import Route
from edgeops.localhub.http.wire import json_body, json_response
from edgeops.localhub.policies import Permission
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


ROUTES = (
    Route("POST", "/reset", Permission.REGISTRY_WRITE, _reset, None),
    Route("POST", "/seed", Permission.REGISTRY_WRITE, _seed, None),
)
