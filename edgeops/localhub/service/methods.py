"""Direct methods: a service asks, a connected device answers.

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
from edgeops.localhub.state.json_text import parse_json

MAX_PAYLOAD_BYTES = 128 * 1024


@dataclass(frozen=True, slots=True)
class MethodCall:
    """A direct method with its payload (JSON), and the seconds to wait."""

    method: str
    payload: bytes
    connect_seconds: float = 0
    response_seconds: float = 30


def method_call(body: Any) -> MethodCall:
    """The call that a request body describes. Raises `HubFault` 400, 413."""
    if not isinstance(body, dict):
        raise errors.unreadable("The body must be a JSON object.")
    method = body.get("methodName")
    if not isinstance(method, str) or not 0 < len(method) <= 100:
        raise errors.invalid("'methodName' must be a text of 1 to 100 characters.")
    payload = orjson.dumps(body.get("payload"))
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise errors.body_too_big(MAX_PAYLOAD_BYTES)
    return MethodCall(
        method,
        payload,
        connect_seconds=_seconds(body, "connectTimeoutInSeconds", least=0, otherwise=0),
        response_seconds=_seconds(body, "responseTimeoutInSeconds", least=5, otherwise=30),
    )


async def invoke(hub: EmulatedHub, device: str, module: str, call: MethodCall) -> JsonObject:
    """What the device answers: `{status, payload}`.

    Raises `HubFault` 404 (not registered, or not online in time), 502 and 504.
    """
    hub.entry(device, module)
    name, request = (device, module), secrets.token_hex(8)
    answer = hub.links.expect(name, request)
    try:
        await _sent(hub, name, request, call)
        async with asyncio.timeout(call.response_seconds):
            answered = await answer
    except TimeoutError as error:
        raise errors.no_method_answer() from error
    finally:
        answer.cancel()
    if answered is None:
        raise errors.stopping()
    status, payload = answered
    try:
        return {"status": status, "payload": parse_json(payload) if payload else None}
    except HubFault as fault:
        raise errors.bad_method_answer() from fault


async def _sent(hub: EmulatedHub, name: Name, request: str, call: MethodCall) -> None:
    """Send the call, once the device is there to take it."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + call.connect_seconds
    while True:
        link = hub.links.get(name)
        if link is not None and link.call(request, call.method, call.payload):
            return
        left = deadline - loop.time()
        if left <= 0 or hub.links.ready.stopped or not await hub.links.ready.wait(left):
            raise errors.device_not_online()


def _seconds(body: JsonObject, name: str, *, least: int, otherwise: int) -> int:
    value = body.get(name)
    if value is None:
        return otherwise
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= 300:
        raise errors.invalid(f"'{name}' must be from {least} to 300 seconds.")
    return value
