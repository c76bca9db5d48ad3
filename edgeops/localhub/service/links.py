"""The live connections of devices, and the direct methods that wait for a response."""

from __future__ import annotations

import asyncio
from typing import Protocol

from edgeops.localhub.routing import InputMessage
from edgeops.localhub.service.notifier import Notifier
from edgeops.localhub.state.twins import DesiredChange

# Device and module; the module is empty for the device itself.
Name = tuple[str, str]
# Status and payload of the response to a direct method; None when the hub stops first.
Response = tuple[int, bytes] | None


class Link(Protocol):
    """The connection of one device or module."""

    def notify(self, change: DesiredChange) -> None:
        """Send a change of the desired properties."""

    def call(self, request: str, method: str, payload: bytes) -> bool:
        """Send a direct method; False when the client does not subscribe to methods."""

    def deliver(self, message: InputMessage) -> bool:
        """Send a message for an input; False when the client does not take it now."""

    def take_cloud_messages(self) -> None:
        """Take what waits in the queue of the device, as much as the client may have now."""

    def close(self, reason: str) -> None:
        """Close the connection."""


class Links:
    """The live connections of a hub, one for each identity."""

    def __init__(self) -> None:
        self.ready = Notifier()  # when a device has connected, or subscribed to methods
        self._links: dict[Name, Link] = {}
        self._responses: dict[tuple[Name, str], asyncio.Future[Response]] = {}

    def get(self, name: Name) -> Link | None:
        """The connection of an identity."""
        return self._links.get(name)

    def add(self, name: Name, link: Link) -> None:
        """Add the connection of an identity; an older one is closed."""
        older = self._links.get(name)
        self._links[name] = link
        if older is not None:
            older.close("a new connection of the same identity")

    def remove(self, name: Name, link: Link) -> bool:
        """Remove a connection; gives whether it was the current one of its identity."""
        current = self._links.get(name) is link
        if current:
            del self._links[name]
        return current

    def notify(self, change: DesiredChange) -> None:
        """Send a change of the desired properties to its device, if it is connected."""
        link = self._links.get((change.device, change.module))
        if link is not None:
            link.notify(change)

    def disconnect(self, device: str, module: str, reason: str) -> None:
        """Close the connection of a module, or of a device and all its modules."""
        for name, link in list(self._links.items()):
            if name[0] == device and (not module or name[1] == module):
                link.close(reason)

    def disconnect_all(self, reason: str) -> None:
        """Close all connections."""
        for link in list(self._links.values()):
            link.close(reason)

    def expect_response(self, name: Name, request: str) -> asyncio.Future[Response]:
        """The future response to a direct method; cancel it to stop waiting."""
        response: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self._responses[name, request] = response
        response.add_done_callback(lambda _: self._responses.pop((name, request), None))
        return response

    def method_responded(self, name: Name, request: str, status: int, payload: bytes) -> None:
        """Deliver the response to a direct method; late and unknown ones are ignored."""
        response = self._responses.get((name, request))
        if response is not None and not response.done():
            response.set_result((status, payload))

    def stop(self) -> None:
        """Wake all callers that wait for a device, since the hub stops."""
        self.ready.stop()
        for response in list(self._responses.values()):
            if not response.done():
                response.set_result(None)
