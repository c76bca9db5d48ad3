"""Module identities."""

from __future__ import annotations

from aiohttp import web

from edgeops.localhub.http.routes import Route
from edgeops.localhub.http.wire import if_match, json_object, json_response, no_content
from edgeops.localhub.policies import Permission
from edgeops.localhub.service import registry
from edgeops.localhub.service.hub import EmulatedHub


async def _list(hub: EmulatedHub, request: web.Request) -> web.Response:
    return json_response(
        await hub.scheduler.run(registry.list_modules(hub, request.match_info["device"]))
    )


async def _get(hub: EmulatedHub, request: web.Request) -> web.Response:
    return json_response(registry.get_module(hub, *_name(request)))


async def _put(hub: EmulatedHub, request: web.Request) -> web.Response:
    body = await json_object(request)
    document, new = registry.put_module(hub, *_name(request), body, if_match(request))
    return json_response(document, 201 if new else 200)


async def _delete(hub: EmulatedHub, request: web.Request) -> web.Response:
    registry.delete_module(hub, *_name(request), if_match(request))
    return no_content()


def _name(request: web.Request) -> tuple[str, str]:
    return request.match_info["device"], request.match_info["module"]


ROUTES = (
    Route("GET", "/devices/{device}/modules", Permission.REGISTRY_READ, _list),
    Route("GET", "/devices/{device}/modules/{module}", Permission.REGISTRY_READ, _get),
    Route("PUT", "/devices/{device}/modules/{module}", Permission.REGISTRY_WRITE, _put),
    Route("DELETE", "/devices/{device}/modules/{module}", Permission.REGISTRY_WRITE, _delete),
)
