"""The hub's end of one MQTT connection, without I/O: bytes in, events out, bytes to send.

It keeps the rules of the protocol; who may connect and what messages mean is
for others to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from edgeops.localhub.mqtt.packets import (
    Connack,
    Connect,
    Disconnect,
    Packet,
    Pingreq,
    Pingresp,
    Puback,
    Publish,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
    encode,
)
from edgeops.localhub.mqtt.reader import MalformedPacket, PacketReader

# A device-to-cloud message has at most 256 KB; topics hold its properties.
MAX_PACKET_BYTES = 256 * 1024 + 16 * 1024
MAX_CONNECT_BYTES = 16 * 1024
MAX_UNACKNOWLEDGED_BYTES = 2 * 1024 * 1024
_BYTES_OF_ANY_MESSAGE = 256

ACCEPTED = 0
UNACCEPTABLE_PROTOCOL = 1
IDENTIFIER_REJECTED = 2
NOT_AUTHORIZED = 5


@dataclass(frozen=True, slots=True)
class ProtocolViolation:
    """The client broke the protocol, or does not acknowledge: the connection must be closed."""

    reason: str


Event = Connect | Publish | Subscribe | Unsubscribe | Disconnect | ProtocolViolation


class MqttSession:
    """One connection: first a `Connect`, answered by `accept` or `refuse`; then the rest.

    After a `ProtocolViolation`, a `Disconnect` or `refuse` nothing more comes out of it.
    """

    __slots__ = ("_cost", "_number", "_out", "_over", "_reader", "_started", "_unacknowledged")

    def __init__(self) -> None:
        self._reader = PacketReader(MAX_CONNECT_BYTES)
        self._out: list[bytes] = []
        self._started = False
        self._over = False
        self._number = 0
        self._unacknowledged: dict[int, Publish] = {}
        self._cost = 0

    def receive_data(self, data: bytes) -> Iterator[Event | None]:
        """What these bytes say, one event at a time; answer each before taking the next.

        None is a packet that needs no more: there may be thousands, and who takes
        the events may stop at any. Those that were not taken come out of the next call.
        """
        if not self._over:
            self._reader.feed(data)
        return self._events()

    def _events(self) -> Iterator[Event | None]:
        while not self._over:
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
        """Let the client in."""
        self._send(Connack(session_present, ACCEPTED))

    def refuse(self, code: int) -> None:
        """Turn the client away with a code of CONNACK."""
        self._send(Connack(False, code))
        self._over = True

    def acknowledge(self, message: Publish) -> None:
        """Confirm a message that was taken; nothing to say for QoS 0."""
        if message.qos:
            self._send(Puback(message.packet_id))

    def subscribed(self, request: Subscribe, codes: Iterable[int]) -> None:
        """Answer with the QoS granted for each filter, 0x80 for none."""
        self._send(Suback(request.packet_id, tuple(codes)))

    def unsubscribed(self, request: Unsubscribe) -> None:
        """Answer that the filters are gone."""
        self._send(Unsuback(request.packet_id))

    # --- messages to the client -----------------------------------------------------------

    def publish(self, topic: str, payload: bytes, qos: int, *, again: bool = False) -> bool:
        """Send a message; False when too much waits for the client's acknowledgement.

        `again` marks one that an earlier connection did not acknowledge.
        """
        if not qos:
            self._send(Publish(topic, payload))
            return True
        message = Publish(topic, payload, qos, self._next_number(), dup=again)
        if self._cost + _cost(message) > MAX_UNACKNOWLEDGED_BYTES:
            return False
        self._unacknowledged[message.packet_id] = message
        self._cost += _cost(message)
        self._send(message)
        return True

    @property
    def unacknowledged(self) -> tuple[Publish, ...]:
        """The messages of QoS 1 that the client has not confirmed, oldest first."""
        return tuple(self._unacknowledged.values())

    # --- rules --------------------------------------------------------------------------

    def _event(self, packet: Packet) -> Event | None:
        if isinstance(packet, Connect) is self._started:
            return self._violation("CONNECT comes once, and first")
        match packet:
            case Connect():
                self._started = True
                self._reader.most_bytes = MAX_PACKET_BYTES
                return packet
            case Publish() | Subscribe() | Unsubscribe():
                return packet
            case Puback():
                message = self._unacknowledged.pop(packet.packet_id, None)
                self._cost -= _cost(message) if message else 0
                return None
            case Pingreq():
                self._send(Pingresp())
                return None
            case Disconnect():
                self._over = True
                return packet
            case _:
                return self._violation(f"{type(packet).__name__} is for servers to send")

    def _violation(self, reason: str) -> ProtocolViolation:
        self._over = True
        return ProtocolViolation(reason)

    def _next_number(self) -> int:
        while True:  # ends: the limit of bytes is far below 65,535 messages
            self._number = self._number % 0xFFFF + 1
            if self._number not in self._unacknowledged:
                return self._number

    def _send(self, packet: Packet) -> None:
        self._out.append(encode(packet))


def _cost(message: Publish) -> int:
    return len(message.topic) + len(message.payload) + _BYTES_OF_ANY_MESSAGE
