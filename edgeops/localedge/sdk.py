"""The connection of the agent to its hub, by the Azure IoT device SDK."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from edgeops.backoff import Backoff
from edgeops.errors import EdgeOpsError
from edgeops.jsonvalue import JsonObject

ANSWER_SECONDS = 60.0
_RETRY = Backoff(base=1.0, longest=30.0)


def require_sdk() -> None:
    """Raises `EdgeOpsError` when the SDK is not installed."""
    try:
        import azure.iot.device  # noqa: F401
    except ImportError as error:
        raise EdgeOpsError(
            "running devices needs the azure-iot-device package",
            "install it with: pip install 'edgeops[device]'",
        ) from error


@asynccontextmanager
async def connected(
    connection_string: str, ca_pem: str, note: Callable[[str], None]
) -> AsyncIterator[SdkConnection]:
    """A connection as the module of this connection string; closed at the end.

    `ca_pem` are the certificates to trust; `note` gets a line when the hub cannot
    be reached.
    """
    from azure.iot.device.aio import IoTHubModuleClient

    # The SDK retries by itself, and logs each time with a traceback.
    logging.getLogger("azure.iot.device").setLevel(logging.CRITICAL + 1)
    logging.getLogger("paho").setLevel(logging.CRITICAL + 1)
    asyncio.get_running_loop().set_exception_handler(_let_cancelled_requests_be)
    client = IoTHubModuleClient.create_from_connection_string(
        connection_string, server_verification_cert=ca_pem
    )
    try:
        yield SdkConnection(client, note)
    finally:
        with suppress(Exception):  # the connection is not needed any more
            await asyncio.wait_for(client.shutdown(), 5)


def _let_cancelled_requests_be(loop: asyncio.AbstractEventLoop, context: JsonObject) -> None:
    """As asyncio does it, but quiet about what the SDK was asked when nobody waits any more."""
    if type(context.get("exception")).__name__ != "OperationCancelled":
        loop.default_exception_handler(context)


class SdkConnection:
    """An `AgentConnection` by the SDK; every method retries until the hub answers."""

    def __init__(self, client: Any, note: Callable[[str], None]) -> None:
        self._client = client
        self._note = note
        self._changed = asyncio.Event()
        self._subscribed = False

    async def desired(self) -> JsonObject:
        """The desired properties with their `$version`."""
        self._changed.clear()
        twin = await self._until_answered(self._client.get_twin)
        desired = twin.get("desired")
        return desired if isinstance(desired, dict) else {}

    async def changed(self) -> None:
        """Return when the desired properties may have changed since they were last read."""
        await self._changed.wait()

    async def reported(self) -> JsonObject:
        """The reported properties."""
        twin = await self._until_answered(self._client.get_twin)
        reported = twin.get("reported", {})
        return {key: value for key, value in reported.items() if not key.startswith("$")}

    async def report(self, patch: JsonObject) -> None:
        """Merge a patch into the reported properties."""
        await self._until_answered(lambda: self._client.patch_twin_reported_properties(patch))

    async def _until_answered(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        failures = 0
        while True:
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    await self._subscribe()
                    return await ask()
            except Exception as error:  # the SDK has many errors, with overlong messages
                why = type(error.__cause__ or error).__name__
            failures += 1
            wait = _RETRY.wait(failures, random.uniform)
            self._note(f"the hub does not answer ({why}); retrying in {wait:.0f} s")
            await asyncio.sleep(wait)

    async def _subscribe(self) -> None:
        if self._subscribed:
            return
        await self._client.connect()
        loop = asyncio.get_running_loop()

        def changed(_: Any = None) -> None:  # in a thread of the SDK
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(self._changed.set)

        # Setting a handler blocks until the hub answers.
        handler = "on_twin_desired_properties_patch_received"
        await asyncio.to_thread(setattr, self._client, handler, changed)
        self._client.on_connection_state_change = changed
        self._subscribed = True
