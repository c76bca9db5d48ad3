"""Device and module twins, and queries over them."""

from __future__ import annotations

from aiohttp import web

from edgeops.localhub.http.routes import Route
from edgeops.localhub.http.wire import (
    if_match,
    json_body,
    json_object,
    json_response,
    rows,
    whole_number,
)
from edgeops.localhub.policies import Permission
from edgeops.localhub.service import twins
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.state import errors

_PAGE = 100


async def _get(hub: EmulatedHub, request: web.Request) -> web.Response:
    return json_response(await hub.scheduler.run(twins.get_twin(hub, *_name(request))))


async def _patch(hub: EmulatedHub, request: web.Request) -> web.Response:
    body = await json_body(request)
    return json_response(twins.patch_twin(hub, *_name(request), body, if_match(request)))


async def _put(hub: EmulatedHub, request: web.Request) -> web.Response:
    body = await json_body(request)
    return json_response(twins.replace_twin(hub, *_name(request), body, if_match(request)))


async def _query(hub: EmulatedHub, request: web.Request) -> web.Response:
    body = await json_object(request)
    token = request.headers.get("x-ms-continuation")
    asked = twins.run_query(hub, body.get("query"), _page_size(request), token)
    found, following, kind = await hub.scheduler.run(asked)
    response = json_response(rows(found))
    response.headers["x-ms-item-type"] = kind
    if following:
        response.headers["x-ms-continuation"] = following
    return response


def _page_size(request: web.Request) -> int:
    """The asked size, never more than a page holds (100, as documented)."""
    asked = whole_number(request.headers.get("x-ms-max-item-count") or str(_PAGE))
    if not asked:
        raise errors.invalid("'x-ms-max-item-count' must be a positive integer.")
    return min(asked, _PAGE)


def _name(request: web.Request) -> tuple[str, str]:
    return request.match_info["device"], request.match_info.get("module", "")


ROUTES = (
    Route("POST", "/devices/query", Permission.SERVICE_CONNECT, _query),
    *(
        Route(method, path, Permission.SERVICE_CONNECT, handler)
        for path in ("/twins/{device}", "/twins/{device}/modules/{module}")
        for method, handler in (("GET", _get), ("PATCH", _patch), ("PUT", _put))
    ),
)
