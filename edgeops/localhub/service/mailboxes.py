"""Messages that wait for a module of a gateway which is not connected, or is behind."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field

from edgeops.localhub.routing.message import InputMessage
from edgeops.localhub.service.links import Name

MAX_MESSAGES = 1000  # of one module
MAX_BYTES = 64 * 1024 * 1024  # of all modules


@dataclass(order=True, slots=True)
class _Waiting:
    priority: int
    number: int
    expires: float
    message: InputMessage = field(compare=False)


class Mailboxes:
    """The waiting messages of all modules, in memory: the first priority first, then the oldest."""

    def __init__(self) -> None:
        self._boxes: dict[Name, list[_Waiting]] = {}
        self._count = 0
        self._bytes = 0
        self._next_expiry = float("inf")  # no message expires before
        self._overflowed: set[Name] = set()  # since something was delivered to them

    def waits(self, name: Name) -> bool:
        """Whether any message waits for a module."""
        return name in self._boxes

    def keep(
        self, name: Name, message: InputMessage, priority: int, expires: float, now: float
    ) -> bool:
        """Keep a message until a time; False when there is no room for it."""
        if not self._has_room(name, message) and now >= self._next_expiry:
            self._drop_expired(now)
        if not self._has_room(name, message):
            return False
        self._count += 1
        self._bytes += message.size
        self._next_expiry = min(self._next_expiry, expires)
        waiting = _Waiting(priority, self._count, expires, message)
        heapq.heappush(self._boxes.setdefault(name, []), waiting)
        return True

    def first_overflow(self, name: Name) -> bool:
        """Whether no message for a module was dropped before this one, since the last delivery."""
        first = name not in self._overflowed
        self._overflowed.add(name)
        return first

    def deliver(self, name: Name, send: Callable[[InputMessage], bool], now: float) -> None:
        """Send what waits for a module, until `send` says that it cannot; drop what has expired."""
        box = self._boxes.get(name, [])
        self._overflowed.discard(name)
        while box:
            if box[0].expires > now and not send(box[0].message):
                return
            self._bytes -= heapq.heappop(box).message.size
        self._boxes.pop(name, None)

    def clear(self) -> None:
        """Drop all that waits."""
        self._boxes.clear()
        self._overflowed.clear()
        self._bytes = 0
        self._next_expiry = float("inf")

    def _has_room(self, name: Name, message: InputMessage) -> bool:
        few = len(self._boxes.get(name, ())) < MAX_MESSAGES
        return few and self._bytes + message.size <= MAX_BYTES

    def _drop_expired(self, now: float) -> None:
        """Drop all that has expired: also what waits for modules that never come back."""
        for name, box in list(self._boxes.items()):
            self._bytes -= sum(waiting.message.size for waiting in box if waiting.expires <= now)
            box[:] = [waiting for waiting in box if waiting.expires > now]
            heapq.heapify(box)
            if not box:
                del self._boxes[name]
        left = (waiting.expires for box in self._boxes.values() for waiting in box)
        self._next_expiry = min(left, default=float("inf"))

    def forget(self, device: str, module: str) -> None:
        """Drop what waits for a module, or for all modules of a device (module empty)."""
        gone = [n for n in (*self._boxes, *self._overflowed) if n[0] == device]
        for name in (n for n in gone if not module or n[1] == module):
            self._bytes -= sum(waiting.message.size for waiting in self._boxes.pop(name, ()))
            self._overflowed.discard(name)
