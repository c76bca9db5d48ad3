"""The state that MQTT connections share: the hub, its keys, and undelivered messages."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from edgeops.localhub.doors import Doors
from edgeops.localhub.mqtt.open_connections import OpenConnections
from edgeops.localhub.mqtt.packets import Publish
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.service.links import Name
from edgeops.localhub.stranger_log import StrangerLog

# A device that was disconnected for long reads its whole twin anyway.
MAX_UNDELIVERED = 16


class Broker:
    """The MQTT side of a hub. `policies` are the keys of its shared access policies."""

    def __init__(self, hub: EmulatedHub, policies: Mapping[str, str], doors: Doors) -> None:
        self.hub = hub
        self.policies = policies
        self.doors = doors
        self.connections = OpenConnections()
        self.strangers = StrangerLog(logging.getLogger(__name__))

        self._undelivered: dict[Name, tuple[Publish, ...]] = {}

    def keep_undelivered(self, name: Name, messages: tuple[Publish, ...]) -> None:
        """Keep the newest unacknowledged messages of a device for its next connection."""
        if messages:
            self._undelivered[name] = messages[-MAX_UNDELIVERED:]

    def take_undelivered(self, name: Name) -> tuple[Publish, ...]:
        """Remove and return the messages that were kept for a device."""
        return self._undelivered.pop(name, ())
