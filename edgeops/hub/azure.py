"""A hub that speaks Azure's API: Azure IoT Hub, and the hub in the box."""

from __future__ import annotations

import ssl

from edgeops.hub.control import Control
from edgeops.hub.credentials import Credential
from edgeops.hub.rates import Rates
from edgeops.hub.rest import Bounds, HubApi
from edgeops.hub.retry import Retry
from edgeops.hub.twins import Twins


class AzureHub(Twins, Control):
    """`port.Hub` of two clients: twins over REST, the rest through Microsoft's SDK."""

    def __init__(
        self,
        credential: Credential,
        *,
        tls: ssl.SSLContext,
        ca_file: str | None,
        proxy: str | None,
        rates: Rates,
        in_flight: int,
    ) -> None:
        rest = HubApi(
            credential,
            tls=tls,
            proxy=proxy,
            concurrency=in_flight,
            rates=rates,
            retry=Retry(),
            bounds=Bounds(),
        )
        Twins.__init__(self, rest)
        Control.__init__(self, credential, ca_file=ca_file, proxy=proxy, rates=rates, retry=Retry())

    async def close(self) -> None:
        """Close all connections of both."""
        await Twins.close(self)
        await Control.close(self)
