"""Modules, deletions and edge deployments through Microsoft's service SDK (azure-iot-hub).

There are few such calls, so that the SDK is fast enough. It blocks, so calls run in a few threads,
each with its own managers: an SDK session belongs to the thread that opened it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from edgeops.hub import sdk
from edgeops.hub.credentials import Credential
from edgeops.hub.errors import Subject
from edgeops.hub.rates import Rates
from edgeops.hub.retry import Retry
from edgeops.jsonvalue import JsonObject
from edgeops.limits import Operation

LANES = 4

Call = Callable[[Any, Any], Any]  # (registry manager, configuration manager) -> result


class Control:
    """Creates modules on one hub, deletes devices and modules, and deploys to its edge devices."""

    def __init__(
        self,
        credential: Credential,
        *,
        ca_file: str | None,
        proxy: str | None,
        rates: Rates,
        retry: Retry,
    ) -> None:
        self._hub = credential.hostname
        self._rates = rates
        self._retry = retry
        self._lanes = [
            _Lane(partial(sdk.connect, credential, ca_file, proxy)) for _ in range(LANES)
        ]
        self._free: asyncio.LifoQueue[_Lane] = asyncio.LifoQueue()
        for lane in self._lanes:
            self._free.put_nowait(lane)

    async def delete_device(self, device: str) -> None:
        """Delete an identity and its modules. Raises `NotFound`."""
        subject = Subject(self._hub, device)
        await self._run(lambda registry, _: registry.delete_device(device), subject)

    async def create_module(self, device: str, module: str) -> None:
        """Create a module identity. Raises `AlreadyExists`, `NotFound` (the device)."""
        await self._run(
            lambda registry, _: registry.create_module_with_sas(device, module, "", None, None),
            Subject(self._hub, device, module),
        )

    async def delete_module(self, device: str, module: str) -> None:
        """Delete a module identity. Raises `NotFound`."""
        subject = Subject(self._hub, device, module)
        await self._run(lambda registry, _: registry.delete_module(device, module), subject)

    async def apply_content(self, device: str, content: Mapping[str, JsonObject]) -> None:
        """Replace the desired properties of the system modules of an edge device."""

        def call(_: Any, configurations: Any) -> None:
            from azure.iot.hub.models import ConfigurationContent

            modules = {module: {"properties.desired": value} for module, value in content.items()}
            configurations.apply_configuration_on_edge_device(
                device, ConfigurationContent(modules_content=modules)
            )

        await self._run(call, Subject(self._hub, device))

    async def _run(self, call: Call, subject: Subject) -> None:
        async def attempt() -> None:
            await self._rates.take(Operation.REGISTRY)
            lane = await self._free.get()
            try:
                await lane.run(call, subject)
            finally:
                self._free.put_nowait(lane)

        await self._retry(attempt)

    async def close(self) -> None:
        """Close all connections, after the calls in progress."""
        for lane in self._lanes:
            await lane.close()


class _Lane:
    """One thread with its own managers, opened at the first call."""

    def __init__(self, connect: Callable[[], sdk.Managers]) -> None:
        self._connect = connect
        self._thread = ThreadPoolExecutor(1, "edgeops-control")
        self._managers: sdk.Managers | None = None

    async def run(self, call: Call, subject: Subject) -> None:
        await self._in_thread(partial(self._run, call, subject))

    def _run(self, call: Call, subject: Subject) -> None:
        if self._managers is None:
            self._managers = self._connect()
        with sdk.sdk_errors(subject):
            call(*self._managers)

    async def close(self) -> None:
        if self._managers is not None:
            await self._in_thread(partial(sdk.close, self._managers))
        self._thread.shutdown()

    def _in_thread(self, work: Callable[[], None]) -> Awaitable[None]:
        return asyncio.get_running_loop().run_in_executor(self._thread, work)
