"""Device identities, bulk operations and statistics."""

from __future__ import annotations

from aiohttp import web

from edgeops.localhub.http.routes import Route
from edgeops.localhub.http.wire import (
    if_match,
    json_body,
    json_object,
    json_response,
    no_content,
    top,
)
from edgeops.localhub.policies import Permission
from edgeops.localhub.service import bulk, registry
from edgeops.localhub.service.hub import EmulatedHub

_MOST_LISTED = 1000
_MAX_IMPORT_BYTES = 8 * 1024 * 1024


async def _list(hub: EmulatedHub, request: web.Request) -> web.Response:
    return json_response(
        await hub.scheduler.run(registry.list_devices(hub, top(request, _MOST_LISTED)))
    )


async def _get(hub: EmulatedHub, request: web.Request) -> web.Response:
    return json_response(registry.get_device(hub, request.match_info["device"]))


async def _put(hub: EmulatedHub, request: web.Request) -> web.Response:
    body = await json_object(request)
    return json_response(
        registry.put_device(hub, request.match_info["device"], body, if_match(request))
    )


async def _delete(hub: EmulatedHub, request: web.Request) -> web.Response:
    registry.delete_device(hub, request.match_info["device"], if_match(request))
    return no_content()


async def _import(hub: EmulatedHub, request: web.Request) -> web.Response:
    body = await json_body(request, _MAX_IMPORT_BYTES)
    result = await hub.scheduler.run(bulk.import_devices(hub, body))
    return json_response(result, 200 if result["isSuccessful"] else 400)


async def _device_statistics(hub: EmulatedHub, _: web.Request) -> web.Response:
    return json_response(await hub.scheduler.run(registry.device_statistics(hub)))


async def _service_statistics(hub: EmulatedHub, _: web.Request) -> web.Response:
    return json_response(await hub.scheduler.run(registry.service_statistics(hub)))


ROUTES = (
    Route("GET", "/devices", Permission.REGISTRY_READ, _list),
    Route("POST", "/devices", Permission.REGISTRY_WRITE, _import),
    Route("GET", "/devices/{device}", Permission.REGISTRY_READ, _get),
    Route("PUT", "/devices/{device}", Permission.REGISTRY_WRITE, _put),
    Route("DELETE", "/devices/{device}", Permission.REGISTRY_WRITE, _delete),
    Route("GET", "/statistics/devices", Permission.REGISTRY_READ, _device_statistics),
    Route("GET", "/statistics/service", Permission.SERVICE_CONNECT, _service_statistics),
)
