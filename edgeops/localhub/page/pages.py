"""The page of one running hub: all that its handlers need."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from edgeops.errors import EdgeOpsError
from edgeops.jsonvalue import JsonObject
from edgeops.localhub.access import Endpoint
from edgeops.localhub.page.checkout import Checkout
from edgeops.localhub.page.files import PageFile, page_files
from edgeops.localhub.page.logins import Logins
from edgeops.localhub.page.stream import EventStream
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.state.documents import twin_document
from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.steps import Steps
from edgeops.localhub.stranger_log import StrangerLog

_log = logging.getLogger(__name__)


@dataclass
class HubPage:
    """A hub, where it listens, the keys of its policies, and who may see its page."""

    hub: EmulatedHub
    endpoint: Endpoint
    keys: Mapping[str, str]
    checkout: Checkout = field(default_factory=Checkout)
    logins: Logins = field(default_factory=Logins)
    strangers: StrangerLog = field(default_factory=lambda: StrangerLog(_log))
    files: Mapping[str, PageFile] = field(default_factory=page_files)
    stream: EventStream = field(init=False)
    _comparing: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self.stream = EventStream(self.hub, self.checkout.masked)

    def twins(self, device: str) -> Steps[JsonObject]:
        """The twins of a device and of its modules, without secrets. Raises `HubFault` 404."""
        owner = self.hub.device(device)
        twins = []
        for entry in (owner, *self.hub.store.module_entries(device)):
            twins.append(self.checkout.masked(twin_document(entry)))
            yield
        return {"twins": twins}

    async def compare(self, device: str | None) -> JsonObject:
        """A device (or all) beside git, one comparison at a time.

        Raises `HubFault` 404 where there is no git, 409 while another comparison runs, and 400
        with what is wrong with the fleet.
        """
        if self.checkout.compare is None:
            raise HubFault(404, "NoCheckout", "The hub does not run in the checkout of a fleet.")
        if self._comparing.locked():
            raise HubFault(409, "Comparing", "Another comparison is running.")
        async with self._comparing:
            try:
                return await self.checkout.compare(device)
            except EdgeOpsError as error:
                raise HubFault(400, "ComparisonFailed", error.message) from error
