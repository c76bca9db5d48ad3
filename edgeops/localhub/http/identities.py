"""Routes for device and module identities, bulk operations and statistics."""

from __future__ import annotations

from aiohttp import web

from edgeops.localhub.http.conditions import throttled
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
from edgeops.localhub.service import bulk, keys, registry
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.state.throttles import OperationKind

_MAX_LISTED = 1000
_MAX_IMPORT_BYTES = 8 * 1024 * 1024


async def _list_devices(hub: EmulatedHub, request: web.Request) -> web.Response:
    devices = await hub.scheduler.run(registry.list_devices(hub, top(request, _MAX_LISTED)))
    return json_response(devices)


async def _get_device(hub: EmulatedHub, request: web.Request) -> web.Response:
    return json_response(registry.get_device(hub, _device(request)))


async def _put_device(hub: EmulatedHub, request: web.Request) -> web.Response:
    body = await json_object(request)
    return json_response(registry.put_device(hub, _device(request), body, if_match(request)))


async def _delete_device(hub: EmulatedHub, request: web.Request) -> web.Response:
    registry.delete_device(hub, _device(request), if_match(request))
    return no_content()


async def _list_modules(hub: EmulatedHub, request: web.Request) -> web.Response:
    return json_response(await hub.scheduler.run(registry.list_modules(hub, _device(request))))


async def _get_module(hub: EmulatedHub, request: web.Request) -> web.Response:
    return json_response(registry.get_module(hub, *_module(request)))


async def _put_module(hub: EmulatedHub, request: web.Request) -> web.Response:
    body = await json_object(request)
    document, new = registry.put_module(hub, *_module(request), body, if_match(request))
    return json_response(document, 201 if new else 200)


async def _delete_module(hub: EmulatedHub, request: web.Request) -> web.Response:
    registry.delete_module(hub, *_module(request), if_match(request))
    return no_content()


async def _import(hub: EmulatedHub, request: web.Request) -> web.Response:
    body = await json_body(request, _MAX_IMPORT_BYTES)
    if isinstance(body, list) and len(body) > 1:  # each entry counts, and one has been counted
        await throttled(hub, _KIND, len(body) - 1)
    result = await hub.scheduler.run(bulk.import_devices(hub, body))
    return json_response(result, 200 if result["isSuccessful"] else 400)


async def _regenerate_keys(hub: EmulatedHub, request: web.Request) -> web.Response:
    steps = keys.regenerate_keys(hub, await json_body(request))
    result, status = await hub.scheduler.run(steps)
    return json_response(result, status)


async def _device_statistics(hub: EmulatedHub, _: web.Request) -> web.Response:
    return json_response(await hub.scheduler.run(registry.device_statistics(hub)))


async def _service_statistics(hub: EmulatedHub, _: web.Request) -> web.Response:
    return json_response(await hub.scheduler.run(registry.service_statistics(hub)))


def _device(request: web.Request) -> str:
    return request.match_info["device"]


def _module(request: web.Request) -> tuple[str, str]:
    return request.match_info["device"], request.match_info["module"]


_KIND = OperationKind.REGISTRY
_READ, _WRITE = Permission.REGISTRY_READ, Permission.REGISTRY_WRITE

ROUTES = (
    Route("GET", "/devices", _READ, _list_devices, _KIND),
    Route("POST", "/devices", _WRITE, _import, _KIND),
    Route("POST", "/devices/keys/regenerate", _WRITE, _regenerate_keys, _KIND),
    Route("GET", "/devices/{device}", _READ, _get_device, _KIND),
    Route("PUT", "/devices/{device}", _WRITE, _put_device, _KIND),
    Route("DELETE", "/devices/{device}", _WRITE, _delete_device, _KIND),
    Route("GET", "/devices/{device}/modules", _READ, _list_modules, _KIND),
    Route("GET", "/devices/{device}/modules/{module}", _READ, _get_module, _KIND),
    Route("PUT", "/devices/{device}/modules/{module}", _WRITE, _put_module, _KIND),
    Route("DELETE", "/devices/{device}/modules/{module}", _WRITE, _delete_module, _KIND),
    Route("GET", "/statistics/devices", _READ, _device_statistics, _KIND),
    Route("GET", "/statistics/service", Permission.SERVICE_CONNECT, _service_statistics, _KIND),
)
