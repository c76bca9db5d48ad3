"""Sends messages to devices of a running local hub, as a service does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from edgeops.errors import EdgeOpsError, UsageError
from edgeops.localhub.client import raw_client, reason
from edgeops.localhub.state.cloud_messages import valid_property_name

_SECONDS_TO_ANSWER = 10


def send_to_device(
    state_dir: Path,
    device: str,
    body: bytes,
    *,
    system: Mapping[str, str],
    properties: Mapping[str, str],
) -> None:
    """Put a message into the queue of a device.

    `system` has system properties by the names of their headers, such as
    `iothub-messageid`. Raises `UsageError` for properties that HTTP cannot carry, and
    `EdgeOpsError` when no hub runs on the state directory, or it refuses the message.
    """
    for name in properties:
        if not valid_property_name(name):
            raise UsageError(
                f"a message cannot have a property called {name!r}",
                "names have ASCII letters, digits and !#$%&'*+-.^_`|~",
            )
    send = raw_client(state_dir, "service", seconds=_SECONDS_TO_ANSWER)
    to = f"/devices/{quote(device, safe='')}/messages/devicebound"
    named = {f"iothub-app-{name}": value for name, value in properties.items()}
    headers = {**system, **named, "iothub-to": to}
    try:
        encoded = {name: value.encode() for name, value in headers.items()}
        status, answer = send("POST", "/messages/devicebound", encoded, body)
    except ValueError as error:
        raise UsageError(
            "the values of properties cannot have control characters",
            "write such values into the body of the message",
        ) from error
    if status >= 300:
        why = reason(answer) or f"status {status}"
        raise EdgeOpsError(f"the local hub refuses the message: {why}")
