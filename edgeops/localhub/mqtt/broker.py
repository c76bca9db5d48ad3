"""What all MQTT connections share: the hub behind them, and what must outlive a connection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from edgeops.localhub.mqtt.packets import Publish
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.service.links import Name

# A device that was away long reads its whole twin anyway.
MAX_UNDELIVERED = 16


class OpenConnection(Protocol):
    """What the broker does with a connection."""

    def expire(self, now: float, wall: float) -> None:
        """Close when its time is up: by a monotonic clock, or by that on the wall."""

    def close(self, reason: str) -> None:
        """End the connection."""


class Broker:
    """The MQTT side of a hub. `policies` are the keys of its shared access policies."""

    def __init__(self, hub: EmulatedHub, policies: Mapping[str, str]) -> None:
        self.hub = hub
        self.policies = policies
        self.connections: set[OpenConnection] = set()
        self._undelivered: dict[Name, tuple[Publish, ...]] = {}

    def keep_undelivered(self, name: Name, messages: tuple[Publish, ...]) -> None:
        """Keep the newest messages that a device did not acknowledge, for its next connection."""
        if messages:
            self._undelivered[name] = messages[-MAX_UNDELIVERED:]

    def take_undelivered(self, name: Name) -> tuple[Publish, ...]:
        """The messages kept for a device; they are its connection's now."""
        return self._undelivered.pop(name, ())

    def expire(self, now: float) -> None:
        """Close the connections whose time is up; `now` in seconds of a monotonic clock."""
        wall = self.hub.clock().timestamp()
        for connection in list(self.connections):
            connection.expire(now, wall)

    def stop(self) -> None:
        """Close all connections."""
        for connection in list(self.connections):
            connection.close("the hub is stopping")
