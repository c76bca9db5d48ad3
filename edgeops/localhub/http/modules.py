"""Module identities."""

from __future__ import annotations

from aiohttp import web

from edgeops.localhub.http.routes import Route
from edgeops.localhub.http.wire import answer, if_match, json_object, no_content
from edgeops.localhub.policies import Right
from edgeops.localhub.service import registry
from edgeops.localhub.service.hub import Hub


async def _list(hub: Hub, request: web.Request) -> web.Response:
    return answer(await hub.turns.run(registry.list_modules(hub, request.match_info["device"])))


async def _get(hub: Hub, request: web.Request) -> web.Response:
    return answer(registry.get_module(hub, *_name(request)))


async def _put(hub: Hub, request: web.Request) -> web.Response:
    body = await json_object(request)
    document, new = registry.put_module(hub, *_name(request), body, if_match(request))
    return answer(document, 201 if new else 200)


async def _delete(hub: Hub, request: web.Request) -> web.Response:
    registry.delete_module(hub, *_name(request), if_match(request))
    return no_content()


def _name(request: web.Request) -> tuple[str, str]:
    return request.match_info["device"], request.match_info["module"]


ROUTES = (
    Route("GET", "/devices/{device}/modules", Right.REGISTRY_READ, _list),
    Route("GET", "/devices/{device}/modules/{module}", Right.REGISTRY_READ, _get),
    Route("PUT", "/devices/{device}/modules/{module}", Right.REGISTRY_WRITE, _put),
    Route("DELETE", "/devices/{device}/modules/{module}", Right.REGISTRY_WRITE, _delete),
)
