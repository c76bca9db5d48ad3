"""A hub that speaks Azure's API: Azure IoT Hub, and the hub in the box."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from edgeops.hub.control import Control
from edgeops.hub.twins import Twins
from edgeops.twin import JsonObject, Twin


class AzureHub:
    """`port.Hub` on two clients: twins over REST, the rest through Microsoft's SDK."""

    def __init__(self, twins: Twins, control: Control) -> None:
        self._twins = twins
        self._control = control

    async def twin(self, device: str, module: str | None = None) -> Twin:
        """See `Hub.twin`."""
        return await self._twins.twin(device, module)

    def device_twins(self) -> AsyncIterator[Twin]:
        """See `Hub.device_twins`."""
        return self._twins.devices()

    def module_twins(self) -> AsyncIterator[Twin]:
        """See `Hub.module_twins`."""
        return self._twins.modules()

    async def devices_of(self, fleet: str) -> list[str]:
        """See `Hub.devices_of`."""
        return await self._twins.devices_of(fleet)

    async def patch_twin(
        self, device: str, module: str | None, *, tags: JsonObject, desired: JsonObject, etag: str
    ) -> Twin:
        """See `Hub.patch_twin`."""
        return await self._twins.patch(device, module, tags=tags, desired=desired, etag=etag)

    async def create_device(self, device: str, *, edge: bool, authentication: str) -> None:
        """See `Hub.create_device`."""
        await self._control.create_device(device, edge=edge, authentication=authentication)

    async def delete_device(self, device: str) -> None:
        """See `Hub.delete_device`."""
        await self._control.delete_device(device)

    async def create_module(self, device: str, module: str) -> None:
        """See `Hub.create_module`."""
        await self._control.create_module(device, module)

    async def delete_module(self, device: str, module: str) -> None:
        """See `Hub.delete_module`."""
        await self._control.delete_module(device, module)

    async def apply_content(self, device: str, content: Mapping[str, JsonObject]) -> None:
        """See `Hub.apply_content`."""
        await self._control.apply_content(device, content)

    async def close(self) -> None:
        """See `Hub.close`."""
        await self._twins.close()
        await self._control.close()
