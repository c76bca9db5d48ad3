"""Direct methods of devices and modules."""

from __future__ import annotations

from aiohttp import web

from edgeops.localhub.http.routes import Route
from edgeops.localhub.http.wire import answer, json_body
from edgeops.localhub.policies import Right
from edgeops.localhub.service import methods
from edgeops.localhub.service.hub import Hub


async def _invoke(hub: Hub, request: web.Request) -> web.Response:
    call = methods.method_call(await json_body(request))
    name = request.match_info["device"], request.match_info.get("module", "")
    return answer(await methods.invoke(hub, *name, call))


ROUTES = tuple(
    Route("POST", f"/twins/{{device}}{module}/methods", Right.SERVICE_CONNECT, _invoke)
    for module in ("", "/modules/{module}")
)
