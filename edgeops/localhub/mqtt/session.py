"""The server side of the MQTT protocol, without I/O: bytes in, events out, bytes to send.

It enforces the rules of the protocol; `connection.py` decides who may connect
and what messages mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from edgeops.localhub.mqtt import packets
from edgeops.localhub.mqtt.reader import MalformedPacket, PacketReader

# A device-to-cloud message has at most 256 KB; topics hold its properties.
MAX_PACKET_BYTES = 256 * 1024 + 16 * 1024
MAX_CONNECT_BYTES = 16 * 1024
MAX_UNACKNOWLEDGED_BYTES = 2 * 1024 * 1024
_MAX_UNREADABLE_BYTES = 2048
_MESSAGE_OVERHEAD_BYTES = 256
_ACCEPTED = 0


@dataclass(frozen=True, slots=True)
class ProtocolViolation:
    """The client violated the protocol: the connection must be closed."""

    reason: str


SessionEvent = (
    packets.Connect
    | packets.Publish
    | packets.Subscribe
    | packets.Unsubscribe
    | packets.Puback
    | packets.Disconnect
    | ProtocolViolation
)


class MqttSession:
    """One connection: first a `Connect`, answered by `accept` or `refuse`; then other events.

    After a `ProtocolViolation`, a `Disconnect` or `refuse` there are no more events.
    """

    __slots__ = (
        "_connected",
        "_finished",
        "_last_packet_id",
        "_out",
        "_reader",
        "_unacknowledged",
        "_unacknowledged_bytes",
    )

    def __init__(self) -> None:
        self._reader = PacketReader(MAX_CONNECT_BYTES)
        self._out: list[bytes] = []
        self._connected = False
        self._finished = False
        self._last_packet_id = 0
        self._unacknowledged: dict[int, packets.Publish] = {}
        self._unacknowledged_bytes = 0

    def receive_data(self, data: bytes) -> Iterator[SessionEvent | None]:
        """The events in these bytes, one at a time; answer each before taking the next.

        None stands for a packet that needs no answer: there may be thousands, and
        the caller may stop at any. The next call gives the events that were not taken.
        """
        if not self._finished:
            self._reader.feed(data)
        return self._events()

    def _events(self) -> Iterator[SessionEvent | None]:
        while not self._finished:
            try:
                packet = self._reader.next()
            except MalformedPacket as error:
                yield self._violation(str(error))
                return
            if packet is None:
                return
            yield self._event(packet)

    def data_to_send(self) -> bytes:
        """The bytes for the client since the last call."""
        data = b"".join(self._out)
        self._out.clear()
        return data

    # --- answers ------------------------------------------------------------------------

    def accept(self, *, session_present: bool) -> None:
        """Accept the connection."""
        self._send(packets.Connack(session_present, _ACCEPTED))

    def refuse(self, answer: packets.Connack | packets.Connack5) -> None:
        """Refuse the connection."""
        self._send(answer)
        self._finished = True

    def acknowledge(self, message: packets.Publish) -> None:
        """Acknowledge a message of QoS 1; one of QoS 0 has no acknowledgement."""
        if message.qos:
            self._send(packets.Puback(message.packet_id))

    def subscribed(self, request: packets.Subscribe, codes: Iterable[int]) -> None:
        """Answer with the QoS granted for each filter, 0x80 for a refused one."""
        self._send(packets.Suback(request.packet_id, tuple(codes)))

    def unsubscribed(self, request: packets.Unsubscribe) -> None:
        """Answer that the filters are removed."""
        self._send(packets.Unsuback(request.packet_id))

    # --- messages to the client -----------------------------------------------------------

    def publish(self, topic: str, payload: bytes, qos: int, *, again: bool = False) -> int | None:
        """Send a message; gives the id of its packet, which is 0 for QoS 0.

        None when too many bytes are not acknowledged. `again` marks a message that
        was sent on an earlier connection.
        """
        if not qos:
            self._send(packets.Publish(topic, payload))
            return 0
        message = packets.Publish(topic, payload, qos, self._next_packet_id(), dup=again)
        if not self.has_room(topic, payload):
            return None
        self._unacknowledged[message.packet_id] = message
        self._unacknowledged_bytes += _size(message)
        self._send(message)
        return message.packet_id

    def has_room(self, topic: str, payload: bytes) -> bool:
        """Whether a message can be sent before the client acknowledges others."""
        size = len(topic) + len(payload) + _MESSAGE_OVERHEAD_BYTES
        return self._unacknowledged_bytes + size <= MAX_UNACKNOWLEDGED_BYTES

    @property
    def unreadable(self) -> bytes:
        """After a `ProtocolViolation`: the first bytes that are not a packet, if that is why."""
        return self._reader.peek(_MAX_UNREADABLE_BYTES)

    @property
    def unacknowledged(self) -> tuple[packets.Publish, ...]:
        """The messages of QoS 1 that the client has not acknowledged, oldest first."""
        return tuple(self._unacknowledged.values())

    @property
    def unacknowledged_count(self) -> int:
        """How many messages of QoS 1 the client has not acknowledged."""
        return len(self._unacknowledged)

    # --- rules --------------------------------------------------------------------------

    def _event(self, packet: packets.Packet) -> SessionEvent | None:
        if isinstance(packet, packets.Connect) is self._connected:
            return self._violation("CONNECT comes once, and first")
        match packet:
            case packets.Connect():
                self._connected = True
                self._reader.max_bytes = MAX_PACKET_BYTES
                return packet
            case packets.Publish() | packets.Subscribe() | packets.Unsubscribe():
                return packet
            case packets.Puback():
                message = self._unacknowledged.pop(packet.packet_id, None)
                self._unacknowledged_bytes -= _size(message) if message else 0
                return packet if message else None
            case packets.Pingreq():
                self._send(packets.Pingresp())
                return None
            case packets.Disconnect():
                self._finished = True
                return packet
            case _:
                return self._violation(f"{type(packet).__name__} packets are for servers only")

    def _violation(self, reason: str) -> ProtocolViolation:
        self._finished = True
        return ProtocolViolation(reason)

    def _next_packet_id(self) -> int:
        while True:  # ends: the limit of unacknowledged bytes is far below 65,535 messages
            self._last_packet_id = self._last_packet_id % 0xFFFF + 1
            if self._last_packet_id not in self._unacknowledged:
                return self._last_packet_id

    def _send(self, packet: packets.Packet) -> None:
        self._out.append(packets.encode(packet))


def _size(message: packets.Publish) -> int:
    return len(message.topic) + len(message.payload) + _MESSAGE_OVERHEAD_BYTES
