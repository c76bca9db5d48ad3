"""The web application: all routes, with authorization, Azure's error bodies and fault injection."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from edgeops.localhub import sas
from edgeops.localhub.failures import describe_exception
from edgeops.localhub.faults import FaultPlan
from edgeops.localhub.http import conditions, configurations, events, identities, messages, twins
from edgeops.localhub.http.artifacts import Artifacts
from edgeops.localhub.http.routes import Route
from edgeops.localhub.http.server import HttpConnection, server_error
from edgeops.localhub.http.wire import error_response
from edgeops.localhub.policies import Permission
from edgeops.localhub.service import devices
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.state import errors
from edgeops.localhub.state.errors import HubFault

ROUTES = (
    *identities.ROUTES,
    *twins.ROUTES,
    *configurations.ROUTES,
    *messages.ROUTES,
    *events.ROUTES,
    *conditions.ROUTES,
)

_log = logging.getLogger(__name__)


def application(
    hub: EmulatedHub, keys: Mapping[str, str], faults: FaultPlan | None, artifacts: Path
) -> web.Application:
    """The service API of a hub, authorized by tokens that are signed with the policies' `keys`.

    The files in `artifacts` need no authorization.
    """
    injecting = [_injecting(faults)] if faults else []
    app = web.Application(middlewares=[*injecting, _handling_errors])
    for route in ROUTES:
        for path in (route.path, f"{route.path}/"):  # some SDKs end every path with a slash
            app.router.add_route(route.method, path, _authorized(route, hub, keys))
    Artifacts(artifacts).add_routes(app.router)
    return app


def _authorized(route: Route, hub: EmulatedHub, keys: Mapping[str, str]) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        _authenticate(route, hub, keys, request)
        if isinstance(request.protocol, HttpConnection):
            request.protocol.authenticated()
        if route.kind is None:
            return await route.handler(hub, request)
        answer = partial(route.handler, hub, request)
        return await conditions.under_conditions(hub, route.kind, request, answer)

    return handle


def _authenticate(
    route: Route, hub: EmulatedHub, keys: Mapping[str, str], request: web.Request
) -> None:
    """Check that the token of a request grants what the route needs. Raises `HubFault` 401.

    What devices do, they do with a token of their own, which is checked as by MQTT.
    """
    token, host = request.headers.get("Authorization", ""), request.host
    if route.permission is Permission.DEVICE_CONNECT:
        device, module = request.match_info["device"], request.match_info.get("module", "")
        devices.authenticate(hub, host, device, module, token, keys)
        return
    permissions = sas.permissions_of(
        token, host=host, path=request.path, keys=keys, now=time.time()
    )
    if route.permission not in permissions:
        raise errors.unauthorized()


@web.middleware
async def _handling_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    if isinstance(request.protocol, HttpConnection):
        request.protocol.request_started()
    try:
        if not _is_utf8(request.raw_path):
            raise HubFault(400, "BadRequest", "The URL is not UTF-8.")
        return await handler(request)
    except HubFault as fault:
        return error_response(fault)
    except web.HTTPNotFound:
        return error_response(HubFault(404, "ResourceNotFound", "There is no such operation."))
    except web.HTTPMethodNotAllowed:
        return error_response(
            HubFault(405, "MethodNotAllowed", "The resource has no such operation.")
        )
    except ConnectionError:  # the client has gone
        raise
    except Exception as error:
        _log.error("%s %s failed: %s", request.method, request.path, describe_exception(error))
        return error_response(server_error())


def _is_utf8(path: str) -> bool:
    """Whether a path was sent as UTF-8: aiohttp decodes other bytes to lone surrogates."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _injecting(faults: FaultPlan) -> Middleware:
    @web.middleware
    async def inject(request: web.Request, handler: Handler) -> web.StreamResponse:
        fault = faults.take(request.method, request.path)
        if fault is None:
            return await handler(request)
        return await conditions.with_fault(fault, request, partial(handler, request))

    return inject
