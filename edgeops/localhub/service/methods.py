"""Direct methods: a service calls, a connected device responds.

Source: "Understand and invoke direct methods from IoT Hub", Microsoft Learn.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from typing import Any

import orjson

from edgeops.jsonvalue import JsonObject
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.service.links import Name
from edgeops.localhub.state import errors
from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.state.json_text import parse_json, require_object

MAX_PAYLOAD_BYTES = 128 * 1024


@dataclass(frozen=True, slots=True)
class MethodCall:
    """A direct method with its payload (JSON) and its timeouts in seconds."""

    method: str
    payload: bytes
    connect_seconds: float = 0
    response_seconds: float = 30


def method_call(body: Any) -> MethodCall:
    """The call that a request body describes. Raises `HubFault` 400, 413."""
    body = require_object(body)
    method = body.get("methodName")
    if not isinstance(method, str) or not 0 < len(method) <= 100:
        raise errors.invalid("'methodName' must be a string of 1 to 100 characters.")
    payload = orjson.dumps(body.get("payload"))
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise errors.body_too_big(MAX_PAYLOAD_BYTES)
    return MethodCall(
        method,
        payload,
        connect_seconds=_seconds(body, "connectTimeoutInSeconds", minimum=0, default=0),
        response_seconds=_seconds(body, "responseTimeoutInSeconds", minimum=5, default=30),
    )


async def invoke(hub: EmulatedHub, device: str, module: str, call: MethodCall) -> JsonObject:
    """Call a method and wait for the response: `{status, payload}`.

    Raises `HubFault` 404 (not registered, or not online in time), 502 and 504.
    """
    hub.entry(device, module)
    name, request = (device, module), secrets.token_hex(8)
    future = hub.links.expect_response(name, request)
    try:
        await _send(hub, name, request, call)
        async with asyncio.timeout(call.response_seconds):
            response = await future
    except TimeoutError as error:
        raise errors.no_method_response() from error
    finally:
        future.cancel()
    if response is None:
        raise errors.stopping()
    status, payload = response
    try:
        return {"status": status, "payload": parse_json(payload) if payload else None}
    except HubFault as fault:
        raise errors.bad_method_response() from fault


async def _send(hub: EmulatedHub, name: Name, request: str, call: MethodCall) -> None:
    """Send the call as soon as the device is connected and subscribes to methods."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + call.connect_seconds
    while True:
        link = hub.links.get(name)
        if link is not None and link.call(request, call.method, call.payload):
            return
        remaining = deadline - loop.time()
        ready = hub.links.ready
        if remaining <= 0 or ready.stopped or not await ready.wait(remaining):
            raise errors.device_not_online()


def _seconds(body: JsonObject, name: str, *, minimum: int, default: int) -> int:
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, str) and value.isdecimal() and len(value) < 10:
        value = int(value)  # az writes the number as text
    if not isinstance(value, int) or isinstance(value, bool) or not minimum <= value <= 300:
        raise errors.invalid(f"'{name}' must be from {minimum} to 300 seconds.")
    return value
