"""Decodes MQTT 3.1.1 packets from a stream of bytes: the inverse of `packets.encode`.

Source: OASIS standard "MQTT Version 3.1.1".
"""

from __future__ import annotations

from collections.abc import Callable

from edgeops.localhub.mqtt import packets

_MAX_LENGTH_BYTES = 4
# For packets other than PUBLISH: thousands of filters in a SUBSCRIBE would delay other clients.
_MAX_OTHER_BYTES = 16 * 1024


class MalformedPacket(Exception):
    """Bytes that are not an MQTT 3.1.1 packet, or a packet that IoT Hub does not accept."""


class PacketReader:
    """Reads packets from a stream that arrives in arbitrary pieces.

    `max_bytes` is the size of the largest packet it accepts; it may be changed
    between packets.
    """

    __slots__ = ("_buffer", "max_bytes")

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        """Add the next bytes of the stream."""
        self._buffer += data

    def peek(self, size: int) -> bytes:
        """The first bytes that no packet has used up, at most `size`."""
        return bytes(self._buffer[:size])

    def next(self) -> packets.Packet | None:
        """The next complete packet, None while it is incomplete. Raises `MalformedPacket`."""
        if not self._buffer:
            return None
        kind, flags = self._buffer[0] >> 4, self._buffer[0] & 0x0F
        _check(kind, flags)  # at once: an attacker may never send the rest
        length, shift = 0, 0
        for position in range(1, 1 + _MAX_LENGTH_BYTES):
            if position >= len(self._buffer):
                return None
            byte = self._buffer[position]
            length |= (byte & 0x7F) << shift
            if not byte & 0x80:
                break
            shift += 7
        else:
            raise MalformedPacket("the length of a packet has more than 4 bytes")
        limit = self.max_bytes if kind == _PUBLISH else min(self.max_bytes, _MAX_OTHER_BYTES)
        if length > limit:
            raise MalformedPacket(f"a packet of {length} bytes; the most is {limit}")
        start = position + 1
        if len(self._buffer) < start + length:
            return None
        body = bytes(self._buffer[start : start + length])
        del self._buffer[: start + length]
        return _decode(kind, flags, _Fields(body))


class _Fields:
    """The fields of one packet, read from first to last."""

    __slots__ = ("_body", "_position")

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._position = 0

    def take(self, size: int) -> bytes:
        taken = self._body[self._position : self._position + size]
        if len(taken) < size:
            raise MalformedPacket("a packet is shorter than its fields")
        self._position += size
        return taken

    def rest(self) -> bytes:
        return self.take(len(self._body) - self._position)

    def more(self) -> bool:
        return self._position < len(self._body)

    def byte(self) -> int:
        return self.take(1)[0]

    def int16(self) -> int:
        return int.from_bytes(self.take(2), "big")

    def packet_id(self) -> int:
        packet_id = self.int16()
        if not packet_id:
            raise MalformedPacket("the packet id is 0")
        return packet_id

    def binary(self) -> bytes:
        return self.take(self.int16())

    def text(self) -> str:
        try:
            value = self.binary().decode()
        except UnicodeDecodeError as error:
            raise MalformedPacket("a string is not UTF-8") from error
        if "\0" in value:
            raise MalformedPacket("a string contains U+0000")
        return value

    def topic(self) -> str:
        """A topic name or filter."""
        value = self.text()
        if not value:
            raise MalformedPacket("a topic is empty")
        return value


def _check(kind: int, flags: int) -> None:
    if kind != _PUBLISH:
        if kind not in _DECODERS:
            raise MalformedPacket(f"packets of type {kind} are not accepted")
        if flags != (2 if kind in (_SUBSCRIBE, _UNSUBSCRIBE) else 0):
            raise MalformedPacket("reserved flags are set")
    elif flags & 0x06 > 0x02:
        raise MalformedPacket("QoS 2 is not supported")


def _decode(kind: int, flags: int, fields: _Fields) -> packets.Packet:
    if kind == _PUBLISH:
        return _publish(flags, fields)
    packet = _DECODERS[kind](fields)
    if fields.more():
        raise MalformedPacket("a packet is longer than its fields")
    return packet


def _connect(fields: _Fields) -> packets.Connect:
    protocol, level = fields.text(), fields.byte()
    if level > 4:  # what follows has another format
        fields.rest()
        return packets.Connect("", protocol=protocol, level=level)
    flags = fields.byte()
    keep_alive = fields.int16()
    if flags & 0x01 or (flags & 0x38 and not flags & 0x04) or flags & 0x18 == 0x18:
        raise MalformedPacket("the flags of CONNECT are invalid")
    client_id = fields.text()
    will = None
    if flags & 0x04:
        will = packets.Will(fields.topic(), fields.binary(), flags >> 3 & 3, bool(flags & 0x20))
    return packets.Connect(
        client_id,
        clean_session=bool(flags & 0x02),
        keep_alive=keep_alive,
        username=fields.text() if flags & 0x80 else None,
        password=fields.binary() if flags & 0x40 else None,
        will=will,
        protocol=protocol,
        level=level,
    )


def _connack(fields: _Fields) -> packets.Connack:
    return packets.Connack(bool(fields.byte() & 1), fields.byte())


def _publish(flags: int, fields: _Fields) -> packets.Publish:
    qos, topic = flags >> 1 & 3, fields.topic()
    if "+" in topic or "#" in topic:
        raise MalformedPacket("a topic name contains a wildcard")
    packet_id = fields.packet_id() if qos else 0
    return packets.Publish(topic, fields.rest(), qos, packet_id, bool(flags & 8), bool(flags & 1))


def _subscribe(fields: _Fields) -> packets.Subscribe:
    packet_id = fields.packet_id()
    filters: list[tuple[str, int]] = []
    while fields.more() or not filters:
        topic_filter, qos = fields.topic(), fields.byte()
        if qos > 2:
            raise MalformedPacket("a subscription requests a QoS above 2")
        filters.append((topic_filter, qos))
    return packets.Subscribe(packet_id, tuple(filters))


def _suback(fields: _Fields) -> packets.Suback:
    return packets.Suback(fields.packet_id(), tuple(fields.rest()))


def _unsubscribe(fields: _Fields) -> packets.Unsubscribe:
    packet_id = fields.packet_id()
    filters: list[str] = []
    while fields.more() or not filters:
        filters.append(fields.topic())
    return packets.Unsubscribe(packet_id, tuple(filters))


_PUBLISH, _SUBSCRIBE, _UNSUBSCRIBE = 3, 8, 10
_DECODERS: dict[int, Callable[[_Fields], packets.Packet]] = {
    1: _connect,
    2: _connack,
    4: lambda fields: packets.Puback(fields.packet_id()),
    _SUBSCRIBE: _subscribe,
    9: _suback,
    _UNSUBSCRIBE: _unsubscribe,
    11: lambda fields: packets.Unsuback(fields.packet_id()),
    12: lambda _: packets.Pingreq(),
    13: lambda _: packets.Pingresp(),
    14: lambda _: packets.Disconnect(),
}
