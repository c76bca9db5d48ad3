"""MQTT 3.1.1 control packets as values, and their encoding; `reader.py` decodes them.

Source: OASIS standard "MQTT Version 3.1.1", and "MQTT Version 5.0" for the
refusal of its clients. There are no packets for QoS 2, which IoT Hub does not
support.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Will:
    """The message to publish when the client disconnects unexpectedly."""

    topic: str
    payload: bytes
    qos: int
    retain: bool


@dataclass(frozen=True, slots=True)
class Connect:
    """Opens a session; `keep_alive` is in seconds, `level` 4 is MQTT 3.1.1."""

    client_id: str
    clean_session: bool = False
    keep_alive: int = 60
    username: str | None = None
    password: bytes | None = None
    will: Will | None = None
    protocol: str = "MQTT"
    level: int = 4


@dataclass(frozen=True, slots=True)
class Connack:
    """The answer to `Connect`; code 0 accepts the connection."""

    session_present: bool
    code: int


@dataclass(frozen=True, slots=True)
class Connack5:
    """The answer to a client of MQTT 5, in its format: a reason code and a reason string."""

    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Publish:
    """A message; `packet_id` is 0 for QoS 0."""

    topic: str
    payload: bytes
    qos: int = 0
    packet_id: int = 0
    dup: bool = False
    retain: bool = False


@dataclass(frozen=True, slots=True)
class Puback:
    """Acknowledges a message of QoS 1."""

    packet_id: int


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Topic filters, each with the requested QoS."""

    packet_id: int
    filters: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Suback:
    """The QoS granted for each filter, 0x80 for a refused one."""

    packet_id: int
    codes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """Topic filters to remove."""

    packet_id: int
    filters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unsuback:
    """Acknowledges `Unsubscribe`."""

    packet_id: int


@dataclass(frozen=True, slots=True)
class Pingreq:
    """Keeps the connection alive."""


@dataclass(frozen=True, slots=True)
class Pingresp:
    """The answer to `Pingreq`."""


@dataclass(frozen=True, slots=True)
class Disconnect:
    """The client closes the connection on purpose."""


# What a client requests; the protocol itself handles its other packets.
Request = Connect | Publish | Subscribe | Unsubscribe | Disconnect
Packet = Request | Connack | Connack5 | Puback | Suback | Unsuback | Pingreq | Pingresp


def encode(packet: Packet) -> bytes:
    """The bytes of a packet."""
    match packet:
        case Connect():
            return _frame(0x10, _connect_body(packet))
        case Connack() | Connack5():
            return _frame(0x20, _connack_body(packet))
        case Publish():
            first = 0x30 | packet.dup << 3 | packet.qos << 1 | packet.retain
            packet_id = _int16(packet.packet_id) if packet.qos else b""
            return _frame(first, _text(packet.topic) + packet_id + packet.payload)
        case Puback():
            return _frame(0x40, _int16(packet.packet_id))
        case Subscribe():
            filters = b"".join(_text(name) + bytes([qos]) for name, qos in packet.filters)
            return _frame(0x82, _int16(packet.packet_id) + filters)
        case Suback():
            return _frame(0x90, _int16(packet.packet_id) + bytes(packet.codes))
        case Unsubscribe():
            return _frame(0xA2, _int16(packet.packet_id) + b"".join(map(_text, packet.filters)))
        case Unsuback():
            return _frame(0xB0, _int16(packet.packet_id))
        case Pingreq():
            return b"\xc0\x00"
        case Pingresp():
            return b"\xd0\x00"
        case Disconnect():
            return b"\xe0\x00"


def _connect_body(packet: Connect) -> bytes:
    flags, fields = packet.clean_session << 1, _text(packet.client_id)
    if packet.will is not None:
        flags |= 0x04 | packet.will.qos << 3 | packet.will.retain << 5
        fields += _text(packet.will.topic) + _binary(packet.will.payload)
    if packet.username is not None:
        flags |= 0x80
        fields += _text(packet.username)
    if packet.password is not None:
        flags |= 0x40
        fields += _binary(packet.password)
    head = _text(packet.protocol) + bytes([packet.level, flags]) + _int16(packet.keep_alive)
    return head + fields


def _connack_body(packet: Connack | Connack5) -> bytes:
    if isinstance(packet, Connack):
        return bytes([packet.session_present, packet.code])
    reason = b"\x1f" + _text(packet.reason)
    return bytes([0, packet.code]) + _length(len(reason)) + reason


def _frame(first: int, body: bytes) -> bytes:
    return bytes([first]) + _length(len(body)) + body


def _length(length: int) -> bytes:
    """A number in groups of seven bits, the lowest first."""
    groups = bytearray()
    while length > 0x7F:
        groups.append(length & 0x7F | 0x80)
        length >>= 7
    groups.append(length)
    return bytes(groups)


def _int16(number: int) -> bytes:
    return number.to_bytes(2, "big")


def _binary(value: bytes) -> bytes:
    return _int16(len(value)) + value


def _text(value: str) -> bytes:
    return _binary(value.encode())
