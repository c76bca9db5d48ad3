"""The operations of the page: what it shows, and the few things that it can do.

None counts as an operation of the hub, for throttles and faults: the page shows a hub
that has bad days, and has none itself.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote

from aiohttp import web

from edgeops import __version__
from edgeops.localhub.http import conditions
from edgeops.localhub.http.routes import Handler, Route
from edgeops.localhub.http.server import HttpConnection
from edgeops.localhub.http.wire import error_response, json_object, json_response, whole_number
from edgeops.localhub.page import connect, guard
from edgeops.localhub.page.event_summary import without_binary
from edgeops.localhub.page.overview import overview, rows_of
from edgeops.localhub.page.pages import HubPage
from edgeops.localhub.policies import POLICIES, Permission
from edgeops.localhub.service import cloud_messages, methods
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.state import errors
from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.state.method_calls import method_call
from edgeops.localhub.state.throttles import SKUS, OperationKind
from edgeops.localhub.stranger_log import shown

PageHandler = Callable[[HubPage, web.Request], Awaitable[web.StreamResponse]]
_PAGE = web.AppKey("page", HubPage)


@dataclass(frozen=True, slots=True)
class PageRoute:
    """One operation of the page. All but the `public` ones need its session."""

    method: str
    path: str
    handler: PageHandler
    public: bool = False


def add_page(app: web.Application, page: HubPage) -> None:
    """Serve the page of a hub."""
    app[_PAGE] = page
    app.on_response_prepare.append(_with_headers)
    for route in PAGE_ROUTES:
        app.router.add_route(route.method, route.path, partial(_serve, route))


async def _serve(route: PageRoute, request: web.Request) -> web.StreamResponse:
    page = request.app[_PAGE]
    try:
        if not route.public:
            _admit(page, request)
        return await route.handler(page, request)
    except HubFault as fault:
        return error_response(fault)


async def _with_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Add the headers of the page to all that is answered below it, also what it does not have."""
    if request.path == "/" or request.path.startswith("/page"):
        response.headers.update(guard.HEADERS)


def _admit(page: HubPage, request: web.Request) -> None:
    """Let only the page of this hub in, with a session. Raises `HubFault` 401, 403."""
    try:
        guard.require_same_origin(request, write=request.method != "GET")
    except HubFault:
        origin = shown(request.headers.get("Origin", "another site"))
        page.strangers.warn(f"refused {request.method} {shown(request.path)} for {origin}")
        raise
    if not page.logins.is_open(guard.session_of(request, page.endpoint.port)):
        raise HubFault(401, "NoSession", "Run `edgeops hub open` for a new session.")
    if isinstance(request.protocol, HttpConnection):
        request.protocol.authenticated()


# --- public: the way in, and the files --------------------------------------------------


async def _new_link(_: EmulatedHub, request: web.Request) -> web.Response:
    page = request.app[_PAGE]
    path = f"/page/login?link={page.logins.new_link()}"
    return json_response({"url": f"https://{page.endpoint.hostname}{path}"})


async def _login(page: HubPage, request: web.Request) -> web.StreamResponse:
    session = page.logins.enter(request.query.get("link", ""))
    if session is None:
        page.strangers.warn("refused a link to the page: it is unknown, used, or too old")
        return _html(page, "door.html", status=403)
    response = web.Response(status=303, headers={"Location": "/"})
    guard.set_session(response, session, page.endpoint.port)
    return response


async def _index(page: HubPage, request: web.Request) -> web.StreamResponse:
    if page.logins.is_open(guard.session_of(request, page.endpoint.port)):
        return _html(page, "index.html")
    if guard.came_from_elsewhere(request):
        return _html(page, "again.html")
    return _html(page, "door.html", status=401)


def _html(page: HubPage, name: str, status: int = 200) -> web.Response:
    file = page.files[name]
    return web.Response(
        body=file.content, status=status, content_type=file.content_type, charset="utf-8"
    )


async def _file(page: HubPage, request: web.Request) -> web.StreamResponse:
    name = request.match_info["file"]
    if name not in page.files:
        raise HubFault(404, "ResourceNotFound", "The page has no such file.")
    return _html(page, name)


# --- with a session ---------------------------------------------------------------------


async def _hub(page: HubPage, _: web.Request) -> web.StreamResponse:
    return json_response(
        {
            "version": __version__,
            "host": page.endpoint.hostname,
            "mqttPort": page.endpoint.mqtt_port,
            "caFile": str(page.endpoint.ca_file),
            "git": page.checkout.compare is not None,
            "policies": list(POLICIES),
            "skus": SKUS,
            "operations": [kind.value for kind in OperationKind],
        }
    )


async def _devices(page: HubPage, request: web.Request) -> web.StreamResponse:
    """All devices; or those that changed, by their names in `device`."""
    names = request.query.getall("device", [])
    masked = page.checkout.masked
    steps = rows_of(page.hub, names, masked) if names else overview(page.hub, masked)
    return json_response(await page.hub.scheduler.run(steps))


async def _device(page: HubPage, request: web.Request) -> web.StreamResponse:
    twins = page.twins(request.match_info["device"])
    return json_response(await page.hub.scheduler.run(twins))


async def _events(page: HubPage, request: web.Request) -> web.StreamResponse:
    last = request.headers.get("Last-Event-ID") or request.query.get("after", "")
    session = guard.session_of(request, page.endpoint.port)
    after = whole_number(last) or 0
    return await page.stream.serve(request, after, partial(page.logins.is_open, session))


async def _event(page: HubPage, request: web.Request) -> web.StreamResponse:
    number = whole_number(request.match_info["number"])
    found = page.hub.store.events(number - 1, 1, None) if number else []
    if not found or found[0]["sequence"] != number:
        raise HubFault(404, "EventNotFound", "The hub no longer has this event.")
    return json_response(without_binary(page.checkout.masked(found[0])))


async def _call(page: HubPage, request: web.Request) -> web.StreamResponse:
    body = await json_object(request)
    device, module = _name(body.pop("device", None)), _name(body.pop("module", ""))
    answer = await methods.invoke(page.hub, device, module, method_call(body))
    return json_response(page.checkout.masked(answer))


async def _send(page: HubPage, request: web.Request) -> web.StreamResponse:
    body = await json_object(request)
    device, text = _name(body.get("device")), body.get("text")
    if not isinstance(text, str):
        raise errors.invalid("A message must be a text.")
    message_id = str(uuid.uuid4())
    to = f"/devices/{quote(device, safe='')}/messages/devicebound"
    cloud_messages.send(page.hub, to, {"$.mid": message_id}, {}, "", text.encode())
    waiting = len(page.hub.store.messages.queue(device))
    return json_response({"messageId": message_id, "waiting": waiting})


async def _connection(page: HubPage, request: web.Request) -> web.StreamResponse:
    body = await json_object(request)
    if "policy" in body:
        policy = _name(body["policy"])
        if policy not in POLICIES:
            raise errors.invalid("There is no such policy.")
        return json_response(connect.for_service(page.endpoint, policy, page.keys[policy]))
    entry = page.hub.entry(_name(body.get("device")), _name(body.get("module", "")))
    return json_response(connect.for_client(page.endpoint, entry))


async def _compare(page: HubPage, request: web.Request) -> web.StreamResponse:
    device = (await json_object(request)).get("device")
    if device is not None:  # one of the hub: other texts cannot be an argument of a process
        device = page.hub.device(_name(device)).identity.device
    return json_response(await page.compare(device))


def _as_services(handler: Handler) -> PageHandler:
    async def handle(page: HubPage, request: web.Request) -> web.StreamResponse:
        return await handler(page.hub, request)

    return handle


def _name(value: object) -> str:
    if not isinstance(value, str):
        raise errors.invalid("A name must be a text.")
    return value


# The command that opens the page asks with the key of the one policy that has both.
_OWNER = Permission.REGISTRY_WRITE | Permission.SERVICE_CONNECT
LINKS = Route("POST", "/page/links", _OWNER, _new_link, None)

PAGE_ROUTES = (
    PageRoute("GET", "/", _index, public=True),
    PageRoute("GET", "/page/login", _login, public=True),
    PageRoute("GET", "/page/files/{file}", _file, public=True),
    PageRoute("GET", "/page/api/hub", _hub),
    PageRoute("GET", "/page/api/devices", _devices),
    PageRoute("GET", "/page/api/devices/{device}", _device),
    PageRoute("GET", "/page/api/events", _events),
    PageRoute("GET", "/page/api/events/{number}", _event),
    PageRoute("POST", "/page/api/methods", _call),
    PageRoute("POST", "/page/api/messages", _send),
    PageRoute("POST", "/page/api/connection", _connection),
    PageRoute("POST", "/page/api/comparison", _compare),
    *(
        PageRoute(route.method, f"/page/api{route.path}", _as_services(route.handler))
        for route in conditions.ROUTES
    ),
)
