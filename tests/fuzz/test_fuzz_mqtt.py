"""Bytes that no device would send: the hub answers, or closes the connection, and never fails.

New ones for a minute: `EDGEOPS_FUZZ_SECONDS=60 pytest tests/fuzz`.
"""

from __future__ import annotations

import base64
import json
import socket
import ssl
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote

import hostile_wire
from fuzz_budget import rounds

from edgeops.localhub.client_certificate import ClientCertificate
from edgeops.localhub.doors import Doors
from edgeops.localhub.mqtt.broker import Broker
from edgeops.localhub.mqtt.connection import DeviceConnection
from edgeops.localhub.mqtt.packets import Connack, Connect, Pingreq, Publish, Subscribe, encode
from edgeops.localhub.mqtt.reader import PacketReader
from edgeops.localhub.mqtt.session import MqttSession, ProtocolViolation
from edgeops.localhub.sas import signature
from edgeops.localhub.service import registry
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.state.method_calls import method_call
from edgeops.localhub.store import HubStore

ROUNDS = 600
ROUNDS_ON_SOCKETS = 60
KEY = base64.b64encode(b"the key of d1...").decode()
EVENTS = "devices/d1/messages/events/"
TOPICS = (
    *(EVENTS, "devices/d1/messages/events", "devices/d2/messages/events/", "$iothub/twin/GET/"),
    *("$iothub/twin/PATCH/properties/reported/", "$iothub/methods/res/200/", "$iothub/", "/", "a"),
    "$iothub/methods/res/99999999999999999999/",
)
FILTERS = (
    *("$iothub/twin/res/#", "$iothub/twin/PATCH/properties/desired/#", "$iothub/methods/POST/#"),
    *("#", "+/+", "$iothub/twin/#/a", "devices/d1/#", "devices/+/#", "$iothub/twin/" + "a" * 60000),
)
ODD_BYTES = (
    b"\xff",
    b"\0",
    b"\xed\xa0\x80",
    b"\xc0\x80",
    b"\xef\xbf\xbf",
    b"\xf0\x9f\x98\x80",
    b"%",
)


def text(random: Random, good: str) -> bytes:
    """A text field, now and then of any length or bytes."""
    raw = good.encode()
    kind = random.random()
    if kind < 0.05:
        raw += random.choice(ODD_BYTES) * random.choice([1, 3, 200])
    elif kind < 0.08:
        raw = raw[: random.randrange(len(raw) + 1)]
    elif kind < 0.1:
        raw = (raw + b"a" * 70000)[: random.choice([65535, 65000, 0, 1])]
    raw = raw[:65535]
    size = len(raw) if random.random() < 0.97 else random.randrange(65536)
    return struct.pack(">H", size) + raw


def topic(random: Random) -> bytes:
    name = random.choice(TOPICS)
    if random.random() < 0.8:
        segment = random.choice(
            [*hostile_wire.TEXTS, "%ff%fe", "%00", "%", "😀" * 900, "\xff" * 9000]
        )
        plain = segment if random.random() < 0.3 else quote(segment, safe="%")
        name += random.choice(["?$rid=", "?$rid=1&$rid=", "$.ct=", "?", "?$rid"]) + plain
    if random.random() < 0.05:
        name = "$iothub/twin/GET/?$rid=" + random.choice(["é", "a", "%c3%a9"]) * 30000
        name = name[:60000]
    return text(random, name)


def payload(random: Random) -> bytes:
    if random.random() < 0.02:
        return b"[" * random.choice([100, 200_000])
    return hostile_wire.json_bytes(
        random, hostile_wire.spoilt(random, {"a": {"b": [1, "x"]}, "c": None})
    )


def framed(random: Random, first: int, content: bytes) -> bytes:
    if random.random() < 0.02:
        first ^= 1 << random.randrange(8)
    length = (
        len(content) if random.random() < 0.98 else random.choice([0, 2**28 - 1, len(content) + 1])
    )
    header = bytearray([first])
    while length > 0x7F:
        header.append(length & 0x7F | 0x80)
        length >>= 7
    return bytes([*header, length]) + content


def packet(random: Random) -> bytes:
    """A packet of a device that is connected, often wrong in one way or another."""
    number = struct.pack(">H", random.choice([0, 1, 1, 2, 3, 65535]))
    kind = random.randrange(10)
    if kind < 5:
        qos = random.choice([0, 0, 1, 1, 2 if random.random() < 0.1 else 1])
        flags = qos << 1 | random.choice([0, 0, 1, 8, 9])
        content = topic(random) + (number if qos else b"") + payload(random)
        return framed(random, 0x30 | flags, content)
    if kind < 7:
        count = random.choice([0, 1, 1, 2, 7, 500])
        wanted = [text(random, random.choice(FILTERS[:-1])) for _ in range(count)]
        wanted += [text(random, FILTERS[-1])] * (random.random() < 0.1)
        qos = [bytes([random.choice([0, 1, 1, 2, 3])]) for _ in wanted]
        return framed(random, 0x82, number + b"".join(map(bytes.__add__, wanted, qos)))
    if kind == 7:
        return framed(random, 0xA2, number + text(random, random.choice(FILTERS)))
    if kind == 8:
        return framed(random, random.choice([0x40, 0xC0, 0xE0, 0x20, 0x90, 0x00, 0xF0]), number)
    return random.choice([encode(Pingreq()), encode(Connect("d1")), random.randbytes(9)])


def token(host: str) -> bytes:
    resource = quote(f"{host}/devices/d1", safe="")
    signed = quote(signature(KEY, resource, "9999999999"), safe="")
    return f"SharedAccessSignature sr={resource}&sig={signed}&se=9999999999".encode()


def hello(random: Random, host: str = "hub:1") -> bytes:
    """A CONNECT that is let in, mostly."""
    good = Connect("d1", random.random() < 0.5, username=f"{host}/d1/", password=token(host))
    return hostile_wire.mutated(random, encode(good)) if random.random() < 0.15 else encode(good)


def stream(random: Random, host: str = "hub:1") -> bytes:
    """All that a client sends."""
    sent = encode(Subscribe(1, (("$iothub/twin/res/#", 1),))) if random.random() < 0.5 else b""
    sent += b"".join(packet(random) for _ in range(random.randrange(12)))
    if random.random() < 0.2:
        sent = hostile_wire.mutated(random, sent)
    return (hello(random, host) if random.random() < 0.95 else b"") + sent


def pieces(random: Random, data: bytes) -> Iterator[bytes]:
    """The bytes as a network may deliver them."""
    sizes = random.choice([[len(data) or 1], [1, 2, 3], [1, 100, 1400], [16384]])
    if len(data) > 5000 and sizes[0] == 1:
        sizes = [1400]
    start = 0
    while start < len(data):
        size = random.choice(sizes)
        yield data[start : start + size]
        start += size


def check_answers(data: bytes) -> list[Any]:
    """What the hub sent must be whole packets."""
    reader = PacketReader(10_000_000)
    reader.feed(data)
    answers = []
    while (answer := reader.next()) is not None:
        answers.append(answer)
    assert reader.next() is None
    assert encode_all(answers) == data
    return answers


def encode_all(packets: list[Any]) -> bytes:
    return b"".join(map(encode, packets))


# --- the session alone ----------------------------------------------------------------------


def test_the_session_takes_any_bytes() -> None:
    for random in rounds(ROUNDS, seed=2):
        whole, cut = MqttSession(), MqttSession()
        data = stream(random)
        events = list(whole.receive_data(data))
        again = [event for piece in pieces(random, data) for event in cut.receive_data(piece)]
        assert again == events  # however the stream is cut
        assert cut.data_to_send() == whole.data_to_send()
        assert not [event for event in events[:-1] if isinstance(event, ProtocolViolation)]


# --- a hub without sockets ------------------------------------------------------------------


class Wire:
    """What the hub sent to a client, and whether it closed the connection."""

    def __init__(self) -> None:
        self.sent = b""
        self.closed = False

    def write(self, data: bytes) -> None:
        assert not self.closed
        self.sent += data

    def certificate(self) -> ClientCertificate | None:
        return None

    def authenticated(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True


def make_device(hub: EmulatedHub) -> None:
    keys = {"primaryKey": KEY, "secondaryKey": KEY}
    body = {"deviceId": "d1", "authentication": {"symmetricKey": keys}}
    registry.put_device(hub, "d1", body, None)


def test_a_hub_takes_any_bytes(tmp_path: Path, complaints: list[str]) -> None:
    with HubStore(tmp_path / "hub.db") as store:
        hub = EmulatedHub(store)
        make_device(hub)
        broker = Broker(hub, {}, Doors(8443, 8883))
        for random in rounds(ROUNDS, seed=3):
            wire = Wire()
            connection = DeviceConnection(broker, wire, 0.0)
            for piece in pieces(random, stream(random)):
                connection.receive(piece, 0.0)
                connection.work()
                if random.random() < 0.01:
                    call = method_call({"methodName": random.choice(hostile_wire.TEXTS[1:4])})
                    if link := hub.links.get(("d1", "")):
                        link.call("1", call.method, call.payload)
            connection.lost()
            check_answers(wire.sent)
            assert complaints == []
        assert not hub.links.get(("d1", ""))
        good = Wire()
        connection = DeviceConnection(broker, good, 0.0)
        host = "hub:1"
        connection.receive(
            encode(Connect("d1", True, username=f"{host}/d1/", password=token(host))), 0.0
        )
        connection.work()
        assert check_answers(good.sent) == [Connack(False, 0)]


# --- a hub on a socket ----------------------------------------------------------------------


def vanish(random: Random, client: socket.socket) -> None:
    """End a connection in one of the ways that networks know."""
    kind = random.randrange(3)
    if kind == 0:  # RST
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    elif kind == 1:
        with suppress(OSError):
            client.shutdown(socket.SHUT_WR)
    client.close()


def converse(random: Random, hub: Any, context: ssl.SSLContext) -> None:
    at = (hub.endpoint.host, hub.endpoint.mqtt_port)
    plain = socket.create_connection(at, timeout=10)
    with suppress(OSError):
        if random.random() < 0.2:  # no TLS, or the beginning of it
            plain.sendall(
                random.choice([b"", b"\x16\x03\x01", random.randbytes(100), b"GET /\r\n"])
            )
        else:
            plain = context.wrap_socket(plain, server_hostname=at[0])
            for piece in pieces(random, stream(random, hub.endpoint.hostname)):
                plain.sendall(piece)
    vanish(random, plain)


def test_a_hub_takes_any_client(local_mqtt_hub: Any, complaints: list[str]) -> None:
    context = ssl.create_default_context(cafile=local_mqtt_hub.ca_file)
    with local_mqtt_hub._second_handle() as hub:
        make_device(hub)
    for random in rounds(ROUNDS_ON_SOCKETS, seed=4):
        converse(random, local_mqtt_hub, context)
        assert complaints == []
    at = (local_mqtt_hub.endpoint.host, local_mqtt_hub.endpoint.mqtt_port)
    host = local_mqtt_hub.endpoint.hostname
    with context.wrap_socket(
        socket.create_connection(at, timeout=20), server_hostname=at[0]
    ) as client:
        client.sendall(
            encode(Connect("d1", True, username=f"{host}/d1/", password=token(host)))
            + encode(Subscribe(1, (("$iothub/twin/res/#", 0),)))
            + encode(Publish("$iothub/twin/GET/?$rid=7", b""))
        )
        reader, answers = PacketReader(1_000_000), []
        while len(answers) < 3:
            data = client.recv(65536)
            assert data, answers
            reader.feed(data)
            while answer := reader.next():
                answers.append(answer)
    assert answers[0] == Connack(False, 0)
    assert answers[2].topic == "$iothub/twin/res/200/?$rid=7"
    assert "desired" in json.loads(answers[2].payload)
    assert complaints == []
