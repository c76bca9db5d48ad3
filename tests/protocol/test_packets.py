"""Packets to bytes and back: whole, byte by byte, and with a tail."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.localhub.mqtt.packets import (
    Connack,
    Connect,
    Disconnect,
    Pingreq,
    Pingresp,
    Puback,
    Publish,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
    Will,
    encode,
)
from edgeops.localhub.mqtt.reader import MalformedPacket, PacketReader

MOST = 1000

EXAMPLES = [
    Connect("d1"),
    Connect("d1/m1", True, 240, "host/d1/m1/?api-version=x", b"secret"),
    Connect("", will=Will("devices/d1/messages/events/", b"\x00bye", 1, True)),
    Connect("d1", protocol="MQIsdp", level=3),
    Connack(True, 0),
    Connack(False, 5),
    Publish("$iothub/twin/GET/?$rid=1", b" "),
    Publish("a", b"", 1, 65535, dup=True, retain=True),
    Publish("long", b"x" * 200, 1, 1),
    Puback(1),
    Subscribe(2, (("$iothub/methods/POST/#", 1), ("a/+/b", 0))),
    Suback(2, (1, 0x80)),
    Unsubscribe(3, ("a", "ü/#")),
    Unsuback(3),
    Pingreq(),
    Pingresp(),
    Disconnect(),
]


def read(*pieces):
    reader = PacketReader(MOST)
    decoded = []
    for piece in pieces:
        reader.feed(piece)
        while packet := reader.next():
            decoded.append(packet)
    return decoded


@pytest.mark.parametrize("packet", EXAMPLES, ids=lambda packet: type(packet).__name__)
def test_a_packet_is_read_as_it_was_written(packet):
    data = encode(packet)
    assert read(data) == [packet]
    assert read(*(bytes([byte]) for byte in data)) == [packet]
    for tail in EXAMPLES:
        assert read(data + encode(tail)) == [packet, tail]
    assert read(data[:-1]) == []


def test_the_bytes_are_those_of_the_standard():
    assert encode(Connect("a", True, 60)) == b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01a"
    assert encode(Publish("a/b", b"hi", 1, 10)) == b"\x32\x09\x00\x03a/b\x00\x0ahi"
    assert encode(Subscribe(10, (("a", 1),))) == b"\x82\x06\x00\x0a\x00\x01a\x01"
    assert encode(Publish("t", b"x" * 318)) == b"\x30\xc1\x02\x00\x01t" + b"x" * 318


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x00",  # no such type
        b"\xf0\x00",
        b"\x50\x02\x00\x01",  # PUBREC: QoS 2 is not taken
        b"\x34\x05\x00\x01a\x00\x01",
        b"\x36\x05\x00\x01a\x00\x01",  # QoS 3
        b"\x30\xff\xff\xff\xff\x01",  # length of 5 bytes
        b"\x30\xff\xff\xff\x7f",  # too large
        b"\x30\x00",  # no topic
        b"\x30\x02\x00\x00",  # empty topic
        b"\x30\x03\x00\x01#",  # wildcards
        b"\x30\x04\x00\x02a+",
        b"\x30\x03\x00\x01\xff",  # not UTF-8
        b"\x30\x05\x00\x03\xed\xa0\x80",  # a surrogate
        b"\x30\x03\x00\x01\x00",  # U+0000
        b"\x32\x05\x00\x01a\x00\x00",  # packet id 0
        b"\x32\x03\x00\x01a",  # no packet id
        b"\x40\x03\x00\x01\x00",  # longer than its fields
        b"\x41\x02\x00\x01",  # reserved flags
        b"\x80\x06\x00\x01\x00\x01a\x01",
        b"\x82\x02\x00\x01",  # no filter
        b"\x82\x06\x00\x01\x00\x01a\x03",  # QoS 3
        b"\xa2\x02\x00\x01",
        b"\x10\x0d\x00\x04MQTT\x04\x03\x00\x3c\x00\x01a",  # reserved connect flag
        b"\x10\x0d\x00\x04MQTT\x04\x1e\x00\x3c\x00\x01a",  # will of QoS 3
        b"\x10\x0d\x00\x04MQTT\x04\x0a\x00\x3c\x00\x01a",  # QoS without a will
        b"\xc0\x01\x00",
    ],
)
def test_bytes_that_are_not_a_packet_are_refused(data):
    for pieces in ([data], [bytes([byte]) for byte in data]):
        with pytest.raises(MalformedPacket):
            read(*pieces)


def test_a_large_packet_is_refused_by_its_header():
    assert read(encode(Publish("t", b"x" * (MOST - 3)))) != []
    with pytest.raises(MalformedPacket, match="the most is 1000"):
        read(encode(Publish("t", b"x" * MOST))[:3])


texts = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=20)
topic_names = texts.map(lambda text: "t" + text.replace("+", "").replace("#", ""))
filters = texts.map(lambda text: "f" + text)
numbers = st.integers(1, 0xFFFF)
blobs = st.binary(max_size=200)
packets = st.one_of(
    st.builds(
        Connect,
        texts,
        st.booleans(),
        st.integers(0, 0xFFFF),
        st.none() | texts,
        st.none() | blobs,
        st.none() | st.builds(Will, topic_names, blobs, st.integers(0, 2), st.booleans()),
    ),
    st.builds(Publish, topic_names, blobs, retain=st.booleans()),
    st.builds(Publish, topic_names, blobs, st.just(1), numbers, st.booleans()),
    st.builds(Puback, numbers),
    st.builds(
        Subscribe,
        numbers,
        st.lists(st.tuples(filters, st.integers(0, 2)), min_size=1, max_size=5).map(tuple),
    ),
    st.builds(Unsubscribe, numbers, st.lists(filters, min_size=1, max_size=5).map(tuple)),
    st.builds(Suback, numbers, st.lists(st.integers(0, 255), max_size=5).map(tuple)),
)


@given(st.lists(packets, max_size=5), st.lists(st.integers(0, 2000), max_size=10))
def test_any_packets_survive_any_cuts(sent, cuts):
    data = b"".join(map(encode, sent))
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    pieces = [data[a:b] for a, b in itertools.pairwise(edges)]
    assert read(*pieces) == sent


@given(st.lists(st.binary(max_size=100)))
def test_any_bytes_are_packets_or_refused(pieces):
    reader = PacketReader(MOST)
    try:
        for piece in pieces:
            reader.feed(piece)
            while reader.next():
                pass
            assert len(reader._buffer) <= MOST + 5
    except MalformedPacket:
        pass


def test_packets_other_than_messages_are_small():
    many = encode(Subscribe(1, (("a" * 90, 0),) * 200))
    reader = PacketReader(1_000_000)
    reader.feed(many)
    with pytest.raises(MalformedPacket, match="the most is 16384"):
        reader.next()
