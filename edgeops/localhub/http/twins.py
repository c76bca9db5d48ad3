"""Routes for device and module twins, queries over them, and direct methods."""

from __future__ import annotations

from aiohttp import web

from edgeops.localhub.http.routes import Route
from edgeops.localhub.http.wire import (
    if_match,
    json_body,
    json_object,
    json_response,
    page_size,
    rows,
)
from edgeops.localhub.policies import Permission
from edgeops.localhub.service import methods, twins
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.state.method_calls import method_call
from edgeops.localhub.state.throttles import OperationKind


async def _get(hub: EmulatedHub, request: web.Request) -> web.Response:
    return json_response(twins.get_twin(hub, *_name(request)))


async def _patch(hub: EmulatedHub, request: web.Request) -> web.Response:
    body = await json_body(request)
    return json_response(twins.patch_twin(hub, *_name(request), body, if_match(request)))


async def _put(hub: EmulatedHub, request: web.Request) -> web.Response:
    body = await json_body(request)
    return json_response(twins.replace_twin(hub, *_name(request), body, if_match(request)))


async def _query(hub: EmulatedHub, request: web.Request) -> web.Response:
    body = await json_object(request)
    token = request.headers.get("x-ms-continuation")
    steps = twins.run_query(hub, body.get("query"), page_size(request), token)
    documents, next_token, kind = await hub.scheduler.run(steps)
    response = json_response(rows(documents))
    response.headers["x-ms-item-type"] = kind
    if next_token:
        response.headers["x-ms-continuation"] = next_token
    return response


async def _invoke_method(hub: EmulatedHub, request: web.Request) -> web.Response:
    call = method_call(await json_body(request))
    return json_response(await methods.invoke(hub, *_name(request), call))


def _name(request: web.Request) -> tuple[str, str]:
    return request.match_info["device"], request.match_info.get("module", "")


ROUTES = (
    Route("POST", "/devices/query", Permission.SERVICE_CONNECT, _query, OperationKind.QUERY),
    *(
        Route(method, f"/twins/{{device}}{path}", Permission.SERVICE_CONNECT, handler, kind)
        for method, suffix, handler, kind in (
            ("GET", "", _get, OperationKind.TWIN_READ),
            ("PATCH", "", _patch, OperationKind.TWIN_WRITE),
            ("PUT", "", _put, OperationKind.TWIN_WRITE),
            ("POST", "/methods", _invoke_method, OperationKind.METHODS),
        )
        for path in (suffix, f"/modules/{{module}}{suffix}")
    ),
)
