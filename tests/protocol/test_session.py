"""The rules of one connection: bytes in, events out."""

from __future__ import annotations

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
    encode,
)
from edgeops.localhub.mqtt.reader import PacketReader
from edgeops.localhub.mqtt.session import MAX_CONNECT_BYTES, MqttSession, ProtocolViolation


def sent(session):
    reader = PacketReader(10_000_000)
    reader.feed(session.data_to_send())
    packets = []
    while packet := reader.next():
        packets.append(packet)
    return packets


def events(session, *packets):
    asked = session.receive_data(b"".join(map(encode, packets)))
    return [event for event in asked if event is not None]


@pytest.fixture
def session():
    """A session that has let its client in."""
    session = MqttSession()
    assert events(session, Connect("d1")) == [Connect("d1")]
    session.accept(session_present=False)
    assert sent(session) == [Connack(False, 0)]
    return session


def test_a_conversation(session):
    subscribe, message = Subscribe(1, (("a", 1),)), Publish("t", b"x", 1, 7)
    unsubscribe = Unsubscribe(2, ("a",))
    assert events(session, subscribe, Pingreq(), message, unsubscribe, Disconnect()) == [
        subscribe,
        message,
        unsubscribe,
        Disconnect(),
    ]
    session.subscribed(subscribe, [1])
    session.acknowledge(message)
    session.acknowledge(Publish("t", b"x"))
    session.unsubscribed(unsubscribe)
    assert sent(session) == [Pingresp(), Suback(1, (1,)), Puback(7), Unsuback(2)]
    assert sent(session) == []


def test_nothing_comes_after_the_end(session):
    assert events(session, Disconnect(), Pingreq()) == [Disconnect()]
    assert events(session, Publish("t", b"")) == []
    assert sent(session) == []


def test_a_refused_client_is_not_heard():
    session = MqttSession()
    for event in session.receive_data(encode(Connect("d1")) + encode(Publish("t", b""))):
        assert event == Connect("d1")
        session.refuse(Connack(False, 5))
    assert sent(session) == [Connack(False, 5)]


@pytest.mark.parametrize("packet", [Publish("t", b""), Pingreq(), Subscribe(1, (("a", 0),))])
def test_connect_comes_first(packet):
    assert events(MqttSession(), packet) == [ProtocolViolation("CONNECT comes once, and first")]


def test_connect_comes_once(session):
    assert events(session, Connect("d1")) == [ProtocolViolation("CONNECT comes once, and first")]


@pytest.mark.parametrize("packet", [Suback(1, (0,)), Connack(False, 0), Pingresp(), Unsuback(1)])
def test_packets_that_only_servers_send_are_refused(session, packet):
    [violation] = events(session, packet)
    assert "for servers" in violation.reason


def test_packets_before_a_violation_are_handled(session):
    message = Publish("t", b"")
    data = encode(message) + b"\xf0\x00" + encode(message)
    first, second = session.receive_data(data)
    assert first == message
    assert isinstance(second, ProtocolViolation)


def test_strangers_may_not_send_much():
    session = MqttSession()
    [violation] = session.receive_data(b"\x10\xff\xff\x7f")
    assert str(MAX_CONNECT_BYTES) in violation.reason


def test_messages_wait_for_their_acknowledgement(session):
    assert session.publish("a", b"1", 1)
    assert session.publish("b", b"2", 0) == 0
    assert session.publish("c", b"3", 1, again=True)
    first, second = Publish("a", b"1", 1, 1), Publish("c", b"3", 1, 2, dup=True)
    assert sent(session) == [first, Publish("b", b"2"), second]
    assert session.unacknowledged == (first, second)

    assert events(session, Puback(1), Puback(1), Puback(99)) == [Puback(1)]
    assert session.unacknowledged == (second,)


def test_a_client_that_does_not_acknowledge_is_found_out(session):
    sent_at_first = 0
    while session.publish("t", b"x" * 30_000, 1):
        sent_at_first += 1
    assert 60 <= sent_at_first <= 70
    assert session.publish("t", b"", 0) == 0
    events(session, Puback(1))
    assert session.publish("t", b"x" * 30_000, 1)


def test_packet_ids_begin_again_and_skip_those_in_use(session):
    session.publish("kept", b"", 1)
    for _ in range(0xFFFF):
        assert session.publish("t", b"", 1)
        number = session.unacknowledged[-1].packet_id
        assert number != 1
        session.data_to_send()
        list(session.receive_data(encode(Puback(number))))
    assert number == 2


@given(st.lists(st.binary(max_size=60), max_size=20))
def test_no_bytes_can_break_a_session(pieces):
    session = MqttSession()
    assert events(session, Connect("d1"))
    for piece in pieces:
        for event in session.receive_data(piece):
            if isinstance(event, ProtocolViolation):
                assert list(session.receive_data(b"\xc0\x00")) == []
