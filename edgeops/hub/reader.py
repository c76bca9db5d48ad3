"""The reading half of a hub, for what must not be able to write to it.

There is no method that writes, and nothing here is handed the connection. Source: "Service - Query"
and "Service - Configuration" of the Azure IoT Hub REST API, version 2021-04-12. A query needs the
right of a service to connect; those that may query may not always list configurations.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from edgeops.hub.credentials import Credential
from edgeops.hub.queries import configurations_of, pages_of
from edgeops.hub.rates import Rates
from edgeops.hub.rest import Bounds, HubApi
from edgeops.hub.retry import Retry
from edgeops.jsonvalue import JsonObject


class HubReader:
    """Reads the documents of a hub as it gives them. Created inside an event loop.

    All calls may raise `HubError`. What a query gives can be minutes old on Azure.
    """

    def __init__(
        self, credential: Credential, *, ca_file: str | None, proxy: str | None, rates: Rates
    ) -> None:
        self.__rest = HubApi(
            credential,
            ca_file=ca_file,
            proxy=proxy,
            concurrency=1,
            rates=rates,
            retry=Retry(),
            bounds=Bounds(),
        )

    def device_twins(self) -> AsyncIterator[list[JsonObject]]:
        """The twins of all devices as documents, in pages."""
        return pages_of(self.__rest, "SELECT * FROM devices")

    def module_twins(self) -> AsyncIterator[list[JsonObject]]:
        """The twins of all modules as documents, in pages; system modules included."""
        return pages_of(self.__rest, "SELECT * FROM devices.modules")

    async def configurations(self) -> list[JsonObject]:
        """All configurations and automatic deployments as documents. Raises `Unauthorized`."""
        return await configurations_of(self.__rest)

    async def close(self) -> None:
        """Close all connections."""
        await self.__rest.close()
