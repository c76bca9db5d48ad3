"""Who is connected now, whatever the protocol; and the direct methods that wait for an answer."""

from __future__ import annotations

import asyncio
from typing import Protocol

from edgeops.localhub.service.notifier import Notifier
from edgeops.localhub.state.twins import DesiredChange

# Device and module; the module is empty for the device itself.
Name = tuple[str, str]
# Status and payload of a direct method; None when the hub goes down first.
Answer = tuple[int, bytes] | None


class Link(Protocol):
    """The connection of one device or module."""

    def notify(self, change: DesiredChange) -> None:
        """Tell of changed desired properties."""

    def call(self, request: str, method: str, payload: bytes) -> bool:
        """Ask for a direct method; False when the device does not take them now."""

    def close(self, reason: str) -> None:
        """End the connection."""


class Links:
    """The live connections of a hub, one for each identity."""

    def __init__(self) -> None:
        self.ready = Notifier()  # beats when a device has connected, or takes methods now
        self._links: dict[Name, Link] = {}
        self._answers: dict[tuple[Name, str], asyncio.Future[Answer]] = {}

    def get(self, name: Name) -> Link | None:
        """The connection of an identity."""
        return self._links.get(name)

    def add(self, name: Name, link: Link) -> None:
        """An identity has connected; an older connection of it is closed."""
        older = self._links.get(name)
        self._links[name] = link
        if older is not None:
            older.close("a new connection of the same identity")

    def remove(self, name: Name, link: Link) -> bool:
        """A connection has ended; gives whether it still was the one of its identity."""
        current = self._links.get(name) is link
        if current:
            del self._links[name]
        return current

    def notify(self, change: DesiredChange) -> None:
        """Tell the device, if it is connected, of its desired properties."""
        link = self._links.get((change.device, change.module))
        if link is not None:
            link.notify(change)

    def cut(self, device: str, module: str, reason: str) -> None:
        """Close the connection of a module, or of a device and all its modules."""
        for name, link in list(self._links.items()):
            if name[0] == device and (not module or name[1] == module):
                link.close(reason)

    def expect(self, name: Name, request: str) -> asyncio.Future[Answer]:
        """The answer to come of a direct method; cancel it to stop expecting."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._answers[name, request] = answer
        answer.add_done_callback(lambda _: self._answers.pop((name, request), None))
        return answer

    def answered(self, name: Name, request: str, status: int, payload: bytes) -> None:
        """A device answers a direct method; late and unknown answers count for nothing."""
        answer = self._answers.get((name, request))
        if answer is not None and not answer.done():
            answer.set_result((status, payload))

    def stop(self) -> None:
        """The hub goes down: nobody waits for devices any more."""
        self.ready.stop()
        for answer in list(self._answers.values()):
            if not answer.done():
                answer.set_result(None)
