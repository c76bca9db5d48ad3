"""Device identities, bulk operations and statistics."""

from __future__ import annotations

from aiohttp import web

from edgeops.localhub.http.routes import Route
from edgeops.localhub.http.wire import answer, if_match, json_body, json_object, no_content, top
from edgeops.localhub.policies import Right
from edgeops.localhub.service import bulk, registry
from edgeops.localhub.service.hub import Hub

_MOST_LISTED = 1000
_MAX_IMPORT_BYTES = 8 * 1024 * 1024


async def _list(hub: Hub, request: web.Request) -> web.Response:
    return answer(await hub.turns.run(registry.list_devices(hub, top(request, _MOST_LISTED))))


async def _get(hub: Hub, request: web.Request) -> web.Response:
    return answer(registry.get_device(hub, request.match_info["device"]))


async def _put(hub: Hub, request: web.Request) -> web.Response:
    body = await json_object(request)
    return answer(registry.put_device(hub, request.match_info["device"], body, if_match(request)))


async def _delete(hub: Hub, request: web.Request) -> web.Response:
    registry.delete_device(hub, request.match_info["device"], if_match(request))
    return no_content()


async def _import(hub: Hub, request: web.Request) -> web.Response:
    body = await json_body(request, _MAX_IMPORT_BYTES)
    result = await hub.turns.run(bulk.import_devices(hub, body))
    return answer(result, 200 if result["isSuccessful"] else 400)


async def _device_statistics(hub: Hub, _: web.Request) -> web.Response:
    return answer(await hub.turns.run(registry.device_statistics(hub)))


async def _service_statistics(hub: Hub, _: web.Request) -> web.Response:
    return answer(await hub.turns.run(registry.service_statistics(hub)))


ROUTES = (
    Route("GET", "/devices", Right.REGISTRY_READ, _list),
    Route("POST", "/devices", Right.REGISTRY_WRITE, _import),
    Route("GET", "/devices/{device}", Right.REGISTRY_READ, _get),
    Route("PUT", "/devices/{device}", Right.REGISTRY_WRITE, _put),
    Route("DELETE", "/devices/{device}", Right.REGISTRY_WRITE, _delete),
    Route("GET", "/statistics/devices", Right.REGISTRY_READ, _device_statistics),
    Route("GET", "/statistics/service", Right.SERVICE_CONNECT, _service_statistics),
)
