"""The state that MQTT connections share: the hub, its keys, and undelivered messages."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from edgeops.localhub.doors import Doors
from edgeops.localhub.mqtt import foreign, topics
from edgeops.localhub.mqtt.open_connections import OpenConnections
from edgeops.localhub.mqtt.packets import Publish
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.service.links import Name
from edgeops.localhub.stranger_log import StrangerLog

# A device that was disconnected for long reads its whole twin anyway.
MAX_UNDELIVERED = 16
MAX_UNDELIVERED_BYTES = 64 * 1024 * 1024  # of all devices; those that left first lose theirs
_MESSAGE_OVERHEAD_BYTES = 256


class Broker:
    """The MQTT side of a hub. `policies` are the keys of its shared access policies."""

    def __init__(self, hub: EmulatedHub, policies: Mapping[str, str], doors: Doors) -> None:
        self.hub = hub
        self.policies = policies
        self.doors = doors
        self.connections = OpenConnections()
        self.strangers = StrangerLog(logging.getLogger(__name__))
        self._undelivered: dict[Name, tuple[Publish, ...]] = {}
        self._undelivered_bytes = 0

    def turn_away(self, first: bytes, reason: str) -> bytes:
        """Log why a stranger, who sent these bytes first, is refused; gives what to answer it."""
        mistake = foreign.mistake(first, self.doors)
        self.strangers.warn(mistake or f"refused an MQTT client: {reason}")
        return foreign.http_answer(mistake) if mistake and foreign.is_http(first) else b""

    def keep_undelivered(self, name: Name, messages: tuple[Publish, ...]) -> None:
        """Keep the newest unacknowledged messages of a device for its next connection.

        Cloud-to-device messages are not among them: they wait in a queue of the hub.
        """
        self.take_undelivered(name)
        of_cloud = topics.cloud_messages(name[0])
        messages = tuple(m for m in messages if not m.topic.startswith(of_cloud))
        if messages:
            self._undelivered[name] = messages[-MAX_UNDELIVERED:]
            self._undelivered_bytes += _size(self._undelivered[name])
        while self._undelivered_bytes > MAX_UNDELIVERED_BYTES:
            self.take_undelivered(next(iter(self._undelivered)))

    def take_undelivered(self, name: Name) -> tuple[Publish, ...]:
        """Remove and return the messages that were kept for a device."""
        messages = self._undelivered.pop(name, ())
        self._undelivered_bytes -= _size(messages)
        return messages


def _size(messages: tuple[Publish, ...]) -> int:
    return sum(len(m.topic) + len(m.payload) + _MESSAGE_OVERHEAD_BYTES for m in messages)
