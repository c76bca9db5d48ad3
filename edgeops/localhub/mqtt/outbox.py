"""The messages to one client: those that its subscriptions match."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from edgeops.localhub.mqtt import topics
from edgeops.localhub.mqtt.broker import MAX_UNDELIVERED
from edgeops.localhub.mqtt.packets import Publish
from edgeops.localhub.mqtt.session import MqttSession
from edgeops.localhub.routing import InputMessage
from edgeops.localhub.service.links import Name

MAX_SUBSCRIPTIONS = 5
_REFUSED_FILTER = 0x80

_log = logging.getLogger(__name__)


class TooSlow(Exception):
    """The client acknowledges messages too slowly."""


class Outbox:
    """Sends messages by a session; `filters` are the topic filters with their QoS."""

    __slots__ = ("_session", "filters")

    def __init__(self, session: MqttSession) -> None:
        self._session = session
        self.filters: dict[str, int] = {}

    def subscribe(self, requested: Iterable[tuple[str, int]], name: Name) -> list[int]:
        """Add topic filters of a device or module; gives the QoS granted for each, or 0x80."""
        codes = []
        for topic_filter, qos in requested:
            full = len(self.filters) >= MAX_SUBSCRIPTIONS
            fits = not full or topic_filter in self.filters
            if fits and topics.may_subscribe(topic_filter, *name):
                self.filters[topic_filter] = min(qos, 1)
                codes.append(min(qos, 1))
            else:
                codes.append(_REFUSED_FILTER)
        return codes

    def granted(self, topic: str) -> int | None:
        """The QoS of the subscriptions to a topic; None when there is none."""
        granted = [qos for each, qos in self.filters.items() if topics.matches(each, topic)]
        return max(granted, default=None)

    def publish(self, topic: str, payload: bytes, *, max_qos: int = 1) -> bool:
        """Send a message if a filter matches; gives whether it was sent. Raises `TooSlow`."""
        qos = self.granted(topic)
        if qos is None:
            return False
        self.send(topic, payload, min(qos, max_qos))
        return True

    def send(self, topic: str, payload: bytes, qos: int, *, again: bool = False) -> int:
        """Send a message; gives the id of its packet, 0 for QoS 0. Raises `TooSlow`."""
        packet = self._session.publish(topic, payload, qos, again=again)
        if packet is None:
            raise TooSlow("the client acknowledges messages too slowly")
        return packet

    def publish_again(self, messages: Iterable[Publish]) -> None:
        """Send messages of an earlier connection that were not acknowledged."""
        for message in messages:
            self._session.publish(message.topic, message.payload, message.qos, again=True)

    def publish_input(self, name: Name, message: InputMessage) -> bool:
        """Send a message for an input of a module; False when the client does not take it now."""
        if self._session.unacknowledged_count >= MAX_UNDELIVERED:  # what is kept if it goes away
            return False
        topic = topics.module_input(*name, message)
        if len(topic) > topics.MAX_TOPIC_BYTES:
            _log.warning("a message for %s was dropped: its properties are too long", name)
            return True
        return self._session.has_room(topic, message.payload) and self.publish(
            topic, message.payload
        )
