"""Direct methods: a service calls, a connected device responds.

Source: "Understand and invoke direct methods from IoT Hub", Microsoft Learn.
"""

from __future__ import annotations

import asyncio
import secrets

from edgeops.jsonvalue import JsonObject
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.service.links import Name
from edgeops.localhub.state import errors
from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.state.json_text import parse_json
from edgeops.localhub.state.method_calls import MethodCall


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
