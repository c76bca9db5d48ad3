"""Configurations, and applying content to an edge device."""

from __future__ import annotations

from aiohttp import web

from edgeops.localhub.http.routes import Route
from edgeops.localhub.http.wire import answer, if_match, json_body, no_content, rows, top
from edgeops.localhub.policies import Right
from edgeops.localhub.service import configurations
from edgeops.localhub.service.hub import Hub
from edgeops.localhub.state.configurations import MAX_OF_A_KIND, query_errors


async def _list(hub: Hub, request: web.Request) -> web.Response:
    most = top(request, 2 * MAX_OF_A_KIND)
    return answer(rows(await hub.turns.run(configurations.list_configurations(hub, most))))


async def _get(hub: Hub, request: web.Request) -> web.Response:
    found = configurations.get_configuration(hub, request.match_info["id"])
    return answer(await hub.turns.run(found))


async def _put(hub: Hub, request: web.Request) -> web.Response:
    body = await json_body(request)
    document, new = await hub.turns.run(
        configurations.put_configuration(hub, request.match_info["id"], body, if_match(request))
    )
    return answer(document, 201 if new else 200)


async def _delete(hub: Hub, request: web.Request) -> web.Response:
    configurations.delete_configuration(hub, request.match_info["id"], if_match(request))
    return no_content()


async def _test_queries(_: Hub, request: web.Request) -> web.Response:
    return answer(query_errors(await json_body(request)))


async def _apply(hub: Hub, request: web.Request) -> web.Response:
    body = await json_body(request)
    await hub.turns.run(configurations.apply_content(hub, request.match_info["device"], body))
    return no_content()


ROUTES = (
    Route("GET", "/configurations", Right.REGISTRY_READ, _list),
    Route("POST", "/configurations/testQueries", Right.REGISTRY_READ, _test_queries),
    Route("GET", "/configurations/{id}", Right.REGISTRY_READ, _get),
    Route("PUT", "/configurations/{id}", Right.REGISTRY_WRITE, _put),
    Route("DELETE", "/configurations/{id}", Right.REGISTRY_WRITE, _delete),
    Route("POST", "/devices/{device}/applyConfigurationContent", Right.REGISTRY_WRITE, _apply),
)
