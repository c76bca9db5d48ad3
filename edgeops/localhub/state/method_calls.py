"""The calls of direct methods that services ask for.

Source: "Understand and invoke direct methods from IoT Hub", Microsoft Learn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from edgeops.jsonvalue import JsonObject
from edgeops.localhub.state import errors
from edgeops.localhub.state.json_text import require_object

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


def _seconds(body: JsonObject, name: str, *, minimum: int, default: int) -> int:
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 10:
        value = int(value)  # az writes the number as text
    if not isinstance(value, int) or isinstance(value, bool) or not minimum <= value <= 300:
        raise errors.invalid(f"'{name}' must be from {minimum} to 300 seconds.")
    return value
