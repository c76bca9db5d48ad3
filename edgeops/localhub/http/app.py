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
from edgeops.localhub.client_certificate import client_certificate
from edgeops.localhub.failures import describe_exception
from edgeops.localhub.faults import FaultPlan
from edgeops.localhub.http import (
    administration,
    cloud_messages,
    conditions,
    configurations,
    events,
    identities,
    jobs,
    messages,
    twins,
    websocket,
)
from edgeops.localhub.http.artifacts import Artifacts
from edgeops.localhub.http.routes import Route
from edgeops.localhub.http.server import HttpConnection, server_error
from edgeops.localhub.http.wire import error_response
from edgeops.localhub.mqtt.broker import Broker
from edgeops.localhub.policies import Permission
from edgeops.localhub.service import devices
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.state import errors
from edgeops.localhub.state.errors import HubFault, InvalidToken
from edgeops.localhub.stranger_log import StrangerLog, shown

ROUTES = (
    *identities.ROUTES,
    *twins.ROUTES,
    *configurations.ROUTES,
    *jobs.ROUTES,
    *messages.ROUTES,
    *cloud_messages.ROUTES,
    *events.ROUTES,
    *conditions.ROUTES,
    *administration.ROUTES,
)

_log = logging.getLogger(__name__)


def application(
    hub: EmulatedHub,
    keys: Mapping[str, str],
    faults: FaultPlan | None,
    artifacts: Path,
    broker: Broker | None = None,
    *more: Route,
) -> web.Application:
    """The service API of a hub, authorized by tokens that are signed with the policies' `keys`.

    The files in `artifacts` need no authorization. With a `broker` it also serves
    devices, by websockets. `more` routes are those of the page.
    """
    injecting = [_injecting(hub, faults)] if faults else []
    strangers = StrangerLog(_log)
    app = web.Application(middlewares=[*injecting, _handling_errors(strangers)])
    for route in (*ROUTES, *more):
        for path in (route.path, f"{route.path}/"):  # some SDKs end every path with a slash
            app.router.add_route(route.method, path, _authorized(route, hub, keys))
    Artifacts(artifacts).add_routes(app.router)
    websocket.add_route(app.router, broker)
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
    """Check that the token of a request grants what the route needs. Raises `InvalidToken`.

    What devices do, they do with a token of their own or a certificate, checked as by MQTT.
    """
    token, host = request.headers.get("Authorization", ""), request.host
    if route.permission is Permission.DEVICE_CONNECT:
        device, module = request.match_info["device"], request.match_info.get("module", "")
        certificate = client_certificate(request.transport)
        devices.authenticate(hub, host, (device, module), token, certificate, keys)
        return
    permissions = sas.permissions_of(
        token, host=host, path=request.path, keys=keys, now=time.time()
    )
    if route.permission not in permissions:
        raise errors.unauthorized("the policy of its token does not permit this")


def _handling_errors(strangers: StrangerLog) -> Middleware:
    """Answers every error as Azure does; the log says why clients were refused."""

    def refused(request: web.Request, why: str) -> None:
        strangers.warn(f"refused {request.method} {shown(request.path)}: {why}")

    @web.middleware
    async def handle(request: web.Request, handler: Handler) -> web.StreamResponse:
        if isinstance(request.protocol, HttpConnection):
            request.protocol.request_started()
        try:
            if not _is_utf8(request.raw_path):
                raise HubFault(400, "BadRequest", "The URL is not UTF-8.")
            return await handler(request)
        except InvalidToken as fault:
            refused(request, fault.why)
            return error_response(fault)
        except HubFault as fault:
            return error_response(fault)
        except web.HTTPNotFound:
            refused(request, "the local hub does not have this operation")
            return error_response(HubFault(404, "ResourceNotFound", "There is no such operation."))
        except web.HTTPMethodNotAllowed:
            refused(request, "the local hub does not have this operation")
            return error_response(
                HubFault(405, "MethodNotAllowed", "The resource has no such operation.")
            )
        except ConnectionError:  # the client has gone
            raise
        except Exception as error:
            _log.error("%s %s failed: %s", request.method, request.path, describe_exception(error))
            return error_response(server_error())

    return handle


def _is_utf8(path: str) -> bool:
    """Whether a path was sent as UTF-8: aiohttp decodes other bytes to lone surrogates."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _injecting(hub: EmulatedHub, faults: FaultPlan) -> Middleware:
    @web.middleware
    async def inject(request: web.Request, handler: Handler) -> web.StreamResponse:
        fault = faults.take(request.method, request.path)
        if fault is None:
            return await handler(request)
        return await conditions.with_fault(hub, fault, request, partial(handler, request))

    return inject
