"""Direct methods of devices and modules."""

from __future__ import annotations

from aiohttp import web

from edgeops.localhub.http.routes import Route
from edgeops.localhub.http.wire import json_body, json_response
from edgeops.localhub.policies import Permission
from edgeops.localhub.service import methods
from edgeops.localhub.service.hub import EmulatedHub


async def _invoke(hub: EmulatedHub, request: web.Request) -> web.Response:
    call = methods.method_call(await json_body(request))
    name = request.match_info["device"], request.match_info.get("module", "")
    return json_response(await methods.invoke(hub, *name, call))


ROUTES = tuple(
    Route("POST", f"/twins/{{device}}{module}/methods", Permission.SERVICE_CONNECT, _invoke)
    for module in ("", "/modules/{module}")
)
