"""Messages by HTTPS: the operations of devices and modules, with their own tokens.

They send device-to-cloud messages. Cloud-to-device messages, which services send
by AMQP only, never wait for them here. Source: the REST API of IoT Hub devices,
Microsoft Learn.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Sequence
from typing import Any

from aiohttp import web

from edgeops.jsonvalue import JsonObject
from edgeops.localhub.http.conditions import throttled
from edgeops.localhub.http.routes import Route
from edgeops.localhub.http.wire import no_content, raw_body
from edgeops.localhub.policies import Permission
from edgeops.localhub.service import devices
from edgeops.localhub.service.devices import Message
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.state import errors
from edgeops.localhub.state.json_text import parse_json, require_object
from edgeops.localhub.state.throttles import OperationKind

MAX_MESSAGE_BYTES = 256 * 1024  # of a message, or of a batch
_BATCH = "application/vnd.microsoft.iothub.json"
_APPLICATION = "iothub-app-"
# The headers of system properties, and what they are called in MQTT topics.
_SYSTEM = {
    "iothub-messageid": "$.mid",
    "iothub-correlationid": "$.cid",
    "iothub-userid": "$.uid",
    "iothub-contenttype": "$.ct",
    "iothub-contentencoding": "$.ce",
    "iothub-expiry": "$.exp",
}


async def _send(hub: EmulatedHub, request: web.Request) -> web.Response:
    payload = bytes(await raw_body(request, MAX_MESSAGE_BYTES))
    if request.content_type == _BATCH:
        messages = _batch(parse_json(payload))
        if len(messages) > 1:  # each counts, and one has been counted
            await throttled(hub, OperationKind.TELEMETRY, len(messages) - 1)
    else:
        messages = [(_properties(_headers(request)), payload)]
    device, module = request.match_info["device"], request.match_info.get("module", "")
    await hub.scheduler.run(devices.send_batch(hub, device, module, messages))
    return no_content()


async def _receive(_: EmulatedHub, __: web.Request) -> web.Response:
    return no_content()  # no message waits


async def _settle(_: EmulatedHub, __: web.Request) -> web.Response:
    raise errors.message_lock_lost()


def _headers(request: web.Request) -> Iterable[tuple[str, str]]:
    """The headers. Raises `HubFault` 400 when they are not UTF-8, which aiohttp lets pass."""
    try:
        return [(name, value.encode().decode()) for name, value in request.headers.items()]
    except UnicodeEncodeError as error:
        raise errors.unreadable("The headers of a message must be UTF-8.") from error


def _batch(body: Any) -> Sequence[Message]:
    """The messages of a batch. Raises `HubFault` 400."""
    if not isinstance(body, list) or not body:
        raise errors.invalid("A batch of messages must be a JSON array of messages.")
    return [_message(require_object(entry)) for entry in body]


def _message(entry: JsonObject) -> Message:
    """A message of a batch: its body is base64, unless it says that it is not."""
    text, properties = entry.get("body", ""), entry.get("properties") or {}
    if not isinstance(text, str) or not isinstance(properties, dict):
        raise errors.invalid("A message must have a text 'body' and an object 'properties'.")
    if not all(isinstance(value, str) for value in properties.values()):
        raise errors.invalid("The properties of a message must be texts.")
    if entry.get("base64Encoded") is False:
        return _properties(properties.items()), text.encode()
    try:
        return _properties(properties.items()), base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise errors.invalid("The 'body' of a message must be base64.") from error


def _properties(named: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The properties that headers carry, named as in MQTT topics."""
    properties = {}
    for name, value in named:
        lower = name.lower()
        if lower.startswith(_APPLICATION):
            properties[name[len(_APPLICATION) :]] = value
        elif lower in _SYSTEM:
            properties[_SYSTEM[lower]] = value
    return properties


_CONNECT = Permission.DEVICE_CONNECT

ROUTES = (
    *(
        Route("POST", f"{sender}/messages/events", _CONNECT, _send, OperationKind.TELEMETRY)
        for sender in ("/devices/{device}", "/devices/{device}/modules/{module}")
    ),
    *(
        Route(method, f"/devices/{{device}}/messages/{inbox}{path}", _CONNECT, handler, None)
        for inbox in ("deviceBound", "devicebound")  # Microsoft's clients spell it in two ways
        for method, path, handler in (
            ("GET", "", _receive),
            ("DELETE", "/{lock}", _settle),
            ("POST", "/{lock}/abandon", _settle),
        )
    ),
)
