"""Throttles, delays and faults of requests; and the resource that shows and changes them.

`GET /conditions`, `PUT /conditions` with a document as it gives, and `DELETE
/conditions` for a hub that is well again: this emulator's own, not Azure's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from edgeops.errors import UsageError
from edgeops.localhub.conditions import OUTSIDE, Conditions, parse_conditions
from edgeops.localhub.faults import Fault
from edgeops.localhub.http.routes import Route
from edgeops.localhub.http.wire import error_response, json_object, json_response
from edgeops.localhub.policies import Permission
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.state import errors
from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.state.throttles import OperationKind

Answer = Callable[[], Awaitable[web.StreamResponse]]


async def under_conditions(
    hub: EmulatedHub, kind: OperationKind, request: web.Request, answer: Answer
) -> web.StreamResponse:
    """Answer a request as the conditions of the hub have it. Raises `HubFault` 429, 503."""
    if OUTSIDE in request.headers:
        return await answer()
    await throttled(hub, kind)
    fault = hub.admission.fault(kind)
    return await answer() if fault is None else await with_fault(hub, fault, request, answer)


async def throttled(hub: EmulatedHub, kind: OperationKind, count: int = 1) -> None:
    """Wait until so many operations may be handled. Raises `HubFault` 429, 503."""
    if await _stops_within(hub, hub.admission.wait(kind, count)):
        raise errors.stopping()


async def _stops_within(hub: EmulatedHub, seconds: float) -> bool:
    """Wait so long, unless the hub stops; gives whether it does."""
    return seconds > 0 and await hub.stopping.wait(seconds)


async def with_fault(
    hub: EmulatedHub, fault: Fault, request: web.Request, answer: Answer
) -> web.StreamResponse:
    """Answer a request with a fault."""
    if await _stops_within(hub, fault.delay):
        return error_response(errors.stopping())
    if fault.status is not None:
        retry_after = hub.admission.conditions.retry_after if fault.status == 429 else None
        response = error_response(
            HubFault(fault.status, fault.code, "Injected by a test.", retry_after)
        )
        if fault.retry_after is not None:
            response.headers["Retry-After"] = fault.retry_after
        return response
    if not fault.drop:
        return await answer()
    if fault.done:
        await answer()
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)  # never arrives


async def _get(hub: EmulatedHub, _: web.Request) -> web.Response:
    return json_response(hub.admission.document())


async def _put(hub: EmulatedHub, request: web.Request) -> web.Response:
    try:
        hub.admission.change(parse_conditions(await json_object(request)))
    except UsageError as error:
        raise errors.invalid(". ".join(filter(None, (error.message, error.hint)))) from error
    return await _get(hub, request)


async def _delete(hub: EmulatedHub, request: web.Request) -> web.Response:
    hub.admission.change(Conditions())
    return await _get(hub, request)


ROUTES = (
    Route("GET", "/conditions", Permission.REGISTRY_READ, _get, None),
    Route("PUT", "/conditions", Permission.REGISTRY_WRITE, _put, None),
    Route("DELETE", "/conditions", Permission.REGISTRY_WRITE, _delete, None),
)
