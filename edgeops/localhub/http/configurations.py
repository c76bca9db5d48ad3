"""Routes for configurations, and for applying configuration content to an edge device."""

from __future__ import annotations

from aiohttp import web

from edgeops.localhub.http.routes import Route
from edgeops.localhub.http.wire import if_match, json_body, json_response, no_content, rows, top
from edgeops.localhub.policies import Permission
from edgeops.localhub.service import configurations
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.state.configurations import MAX_OF_A_KIND, query_errors
from edgeops.localhub.state.throttles import OperationKind


async def _list(hub: EmulatedHub, request: web.Request) -> web.Response:
    most = top(request, 2 * MAX_OF_A_KIND)
    return json_response(
        rows(await hub.scheduler.run(configurations.list_configurations(hub, most)))
    )


async def _get(hub: EmulatedHub, request: web.Request) -> web.Response:
    steps = configurations.get_configuration(hub, request.match_info["id"])
    return json_response(await hub.scheduler.run(steps))


async def _put(hub: EmulatedHub, request: web.Request) -> web.Response:
    body = await json_body(request)
    document, new = await hub.scheduler.run(
        configurations.put_configuration(hub, request.match_info["id"], body, if_match(request))
    )
    return json_response(document, 201 if new else 200)


async def _delete(hub: EmulatedHub, request: web.Request) -> web.Response:
    configurations.delete_configuration(hub, request.match_info["id"], if_match(request))
    return no_content()


async def _test_queries(_: EmulatedHub, request: web.Request) -> web.Response:
    return json_response(query_errors(await json_body(request)))


async def _apply(hub: EmulatedHub, request: web.Request) -> web.Response:
    body = await json_body(request)
    await hub.scheduler.run(configurations.apply_content(hub, request.match_info["device"], body))
    return no_content()


_KIND = OperationKind.CONFIGURATIONS

ROUTES = (
    Route("GET", "/configurations", Permission.REGISTRY_READ, _list, _KIND),
    Route("POST", "/configurations/testQueries", Permission.REGISTRY_READ, _test_queries, _KIND),
    Route("GET", "/configurations/{id}", Permission.REGISTRY_READ, _get, _KIND),
    Route("PUT", "/configurations/{id}", Permission.REGISTRY_WRITE, _put, _KIND),
    Route("DELETE", "/configurations/{id}", Permission.REGISTRY_WRITE, _delete, _KIND),
    Route(
        "POST",
        "/devices/{device}/applyConfigurationContent",
        Permission.REGISTRY_WRITE,
        _apply,
        OperationKind.REGISTRY,
    ),
)
