"""Cloud-to-device messages by HTTPS: sending, the feedback on them, and receiving.

On Azure services send by AMQP only; `POST /messages/devicebound`, which takes the
headers that a device gets, is this emulator's own. Sources: the REST API of IoT Hub
services and devices, Microsoft Learn; what the IoT extension of `az` reads from headers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from aiohttp import web

from edgeops.localhub.http.message_headers import SYSTEM, properties_of
from edgeops.localhub.http.routes import Route
from edgeops.localhub.http.wire import json_response, no_content, raw_body
from edgeops.localhub.policies import Permission
from edgeops.localhub.service import cloud_messages, feedback
from edgeops.localhub.service.cloud_messages import ReceivedMessage
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.state import errors
from edgeops.localhub.state.cloud_messages import MAX_BYTES, shown_time
from edgeops.localhub.state.message_queue import Settlement
from edgeops.localhub.state.throttles import OperationKind

_FEEDBACK = "application/vnd.microsoft.iothub.feedback.json"


async def _send(hub: EmulatedHub, request: web.Request) -> web.Response:
    payload = bytes(await raw_body(request, MAX_BYTES))
    system, properties = properties_of(request, SYSTEM)
    to, ack = request.headers.get("iothub-to", ""), request.headers.get("iothub-ack", "")
    cloud_messages.send(hub, to, system, properties, ack, payload)
    return no_content()


async def _receive(hub: EmulatedHub, request: web.Request) -> web.Response:
    received = cloud_messages.receive(hub, request.match_info["device"])
    return no_content() if received is None else _response(received)


async def _complete(hub: EmulatedHub, request: web.Request) -> web.Response:
    how: Settlement = "reject" if "reject" in request.query else "complete"
    cloud_messages.settle(hub, *_locked(request), how)
    return no_content()


async def _abandon(hub: EmulatedHub, request: web.Request) -> web.Response:
    cloud_messages.settle(hub, *_locked(request), "abandon")
    return no_content()


async def _purge(hub: EmulatedHub, request: web.Request) -> web.Response:
    device = request.match_info["device"]
    count = cloud_messages.purge(hub, device)
    return json_response({"totalMessagesPurged": count, "deviceId": device, "moduleId": None})


async def _receive_feedback(hub: EmulatedHub, request: web.Request) -> web.Response:
    received = feedback.receive_feedback(hub)
    if received is None:
        return no_content()
    headers = {
        "ETag": f'"{received.state.lock}"',
        "Content-Type": _FEEDBACK,
        "iothub-enqueuedtime": shown_time(received.enqueued),
        "iothub-userid": request.host.partition(".")[0].partition(":")[0],  # the name of the hub
    }
    return web.Response(body=json.dumps(received.records).encode(), headers=headers)


async def _complete_feedback(hub: EmulatedHub, request: web.Request) -> web.Response:
    feedback.settle_feedback(hub, request.match_info["lock"], "complete")
    return no_content()


async def _abandon_feedback(hub: EmulatedHub, request: web.Request) -> web.Response:
    feedback.settle_feedback(hub, request.match_info["lock"], "abandon")
    return no_content()


async def _upload(_: EmulatedHub, __: web.Request) -> web.Response:
    raise errors.no_file_uploads()


def _locked(request: web.Request) -> tuple[str, str]:
    """The device, and the token of the lock."""
    return request.match_info["device"], request.match_info["lock"]


def _response(received: ReceivedMessage) -> web.Response:
    message, state = received.message, received.state
    system: Mapping[str, str] = message.system
    headers = {
        "ETag": f'"{state.lock}"',
        "iothub-messageid": message.id,
        "iothub-correlationid": system.get("$.cid", ""),
        "iothub-userid": system.get("$.uid", ""),
        "iothub-to": message.to,
        "iothub-ack": message.ack or "none",
        "iothub-expiry": shown_time(message.expires) if "$.exp" in system else "",
        "iothub-enqueuedtime": shown_time(message.enqueued),
        "iothub-sequencenumber": str(state.sequence),
        "iothub-deliverycount": str(state.deliveries),
    }
    if "$.ct" in system:
        headers["Content-Type"] = system["$.ct"]
    if "$.ce" in system:
        headers["Content-Encoding"] = system["$.ce"]
    headers |= {f"iothub-app-{name}": value for name, value in message.properties.items()}
    return web.Response(body=received.payload, headers=headers)


_SERVICE, _DEVICE = Permission.SERVICE_CONNECT, Permission.DEVICE_CONNECT
_SEND_KIND, _RECEIVE_KIND = OperationKind.SEND, OperationKind.RECEIVE

ROUTES = (
    Route("DELETE", "/devices/{device}/commands", _SERVICE, _purge, OperationKind.REGISTRY),
    *(  # Microsoft's clients spell each path in two ways
        route
        for inbox, outbox in (("deviceBound", "serviceBound"), ("devicebound", "servicebound"))
        for route in (
            Route("POST", f"/messages/{inbox}", _SERVICE, _send, _SEND_KIND),
            *(
                Route(method, f"/devices/{{device}}/messages/{inbox}{path}", _DEVICE, handler, kind)
                for method, path, handler, kind in (
                    ("GET", "", _receive, _RECEIVE_KIND),
                    ("DELETE", "/{lock}", _complete, None),
                    ("POST", "/{lock}/abandon", _abandon, None),
                )
            ),
            *(
                Route(method, f"/messages/{outbox}/feedback{path}", _SERVICE, handler, None)
                for method, path, handler in (
                    ("GET", "", _receive_feedback),
                    ("DELETE", "/{lock}", _complete_feedback),
                    ("POST", "/{lock}/abandon", _abandon_feedback),
                )
            ),
        )
    ),
    *(
        Route("POST", f"/devices/{{device}}/files{path}", _DEVICE, _upload, None)
        for path in ("", "/notifications")
    ),
)
