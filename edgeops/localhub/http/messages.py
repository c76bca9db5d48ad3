"""Device-to-cloud messages by HTTPS, which devices and modules send with tokens of their own.

Sources: the REST API of IoT Hub devices, and "Create and read IoT Hub messages",
Microsoft Learn.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from edgeops.jsonvalue import JsonObject
from edgeops.localhub.http.conditions import throttled
from edgeops.localhub.http.message_headers import SYSTEM, properties_of, sorted_properties
from edgeops.localhub.http.routes import Route
from edgeops.localhub.http.wire import no_content, raw_body
from edgeops.localhub.policies import Permission
from edgeops.localhub.service import devices
from edgeops.localhub.service.devices import Message
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.state import errors
from edgeops.localhub.state.json_text import parse_json, require_object
from edgeops.localhub.state.throttles import OperationKind

MAX_MESSAGE_BYTES = 256 * 1024  # of a message with its properties, or of a batch
_BATCH = "application/vnd.microsoft.iothub.json"
_SYSTEM = {
    **SYSTEM,
    "iothub-creation-time-utc": "$.ctime",
    "iothub-interface-id": "$.ifid",
    "dt-subject": "$.sub",
}


async def _send(hub: EmulatedHub, request: web.Request) -> web.Response:
    payload = bytes(await raw_body(request, MAX_MESSAGE_BYTES))
    if request.content_type == _BATCH:
        messages = _batch(parse_json(payload))
        if len(messages) > 1:  # each counts, and one has been counted
            await throttled(hub, OperationKind.TELEMETRY, len(messages) - 1)
    else:
        messages = [_with_properties(*properties_of(request, _SYSTEM), payload)]
    device, module = request.match_info["device"], request.match_info.get("module", "")
    await hub.scheduler.run(devices.send_batch(hub, device, module, messages))
    return no_content()


def _batch(body: Any) -> Sequence[Message]:
    """The messages of a batch. Raises `HubFault` 400, 413."""
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
    named = sorted_properties(properties.items(), _SYSTEM)
    if entry.get("base64Encoded") is False:
        return _with_properties(*named, text.encode())
    try:
        return _with_properties(*named, base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError) as error:
        raise errors.invalid("The 'body' of a message must be base64.") from error


def _with_properties(system: dict[str, str], properties: dict[str, str], payload: bytes) -> Message:
    """A message. Raises `HubFault` 413: its properties count."""
    size = len(payload) + sum(map(len, (*system.values(), *properties, *properties.values())))
    if size > MAX_MESSAGE_BYTES:
        raise errors.message_too_big(MAX_MESSAGE_BYTES)
    return properties | system, payload


ROUTES = tuple(
    Route(
        "POST",
        f"{sender}/messages/events",
        Permission.DEVICE_CONNECT,
        _send,
        OperationKind.TELEMETRY,
    )
    for sender in ("/devices/{device}", "/devices/{device}/modules/{module}")
)
