"""Messages to devices by MQTT: subscriptions, acknowledgements and reconnecting, no sockets."""

from __future__ import annotations

import pytest

from edgeops.localhub.mqtt.inbox import MAX_UNACKNOWLEDGED
from edgeops.localhub.mqtt.packets import Connack, Pingreq, Puback, Publish, Unsubscribe
from edgeops.localhub.service import cloud_messages, registry
from edgeops.localhub.steps import finish

INBOX = "devices/d1/messages/devicebound/#"
TO = "/devices/d1/messages/devicebound"
TOPIC = "devices/d1/messages/devicebound/%24.to=%2Fdevices%2Fd1%2Fmessages%2Fdevicebound"


def send(hub, payload, ack="", properties=None, **system):
    named = {f"$.{name}": value for name, value in system.items()}
    cloud_messages.send(hub.hub, TO, named, properties or {}, ack, payload)


def waiting(hub):
    return registry.get_device(hub.hub, "d1")["cloudToDeviceMessageCount"]


def payloads(client):
    return [packet.payload for packet in client.received() if isinstance(packet, Publish)]


def test_a_message_is_complete_when_it_is_acknowledged(hub):
    client = hub.connect("d1", INBOX)
    send(hub, b"hello")
    assert client.received() == [Publish(TOPIC, b"hello", 1, 1)]
    assert waiting(hub) == 1
    client.send(Puback(1), Puback(1), Puback(7))
    assert waiting(hub) == 0


def test_properties_are_in_the_topic(hub):
    client = hub.connect("d1", INBOX)
    properties = {"room": "kitchen", "empty": "", "a&b": "50 %"}
    send(hub, b"", "full", properties, mid="m-1", cid="c", ct="text/plain", ce="utf-8", uid="me")
    [message] = client.received()
    bag = message.topic.removeprefix("devices/d1/messages/devicebound/").split("&")
    assert bag == [
        "%24.mid=m-1",
        "%24.to=%2Fdevices%2Fd1%2Fmessages%2Fdevicebound",
        "%24.cid=c",
        "%24.ct=text%2Fplain",
        "%24.ce=utf-8",
        "%24.uid=me",
        "iothub-ack=full",
        "room=kitchen",
        "empty=",
        "a%26b=50%20%25",
    ]


def test_what_was_sent_before_the_subscription_waits_for_https(hub):
    send(hub, b"before")
    client = hub.connect("d1", INBOX)
    assert client.received() == []
    send(hub, b"after")
    assert payloads(client) == [b"after"]
    assert cloud_messages.receive(hub.hub, "d1").payload == b"before"


def test_a_session_gets_what_was_sent_while_it_was_away(hub, client_of):
    client = hub.connect("d1", INBOX)
    client.vanish()
    send(hub, b"1")
    send(hub, b"2")
    client = client_of("d1")
    assert payloads(client) == [b"1", b"2"]
    # The SDKs subscribe again on each connection: the subscription is still that of before.
    client.send(Puback(1), Puback(2))
    assert client.subscribe(INBOX) == [1]
    assert waiting(hub) == 0


def test_the_messages_of_a_session_come_without_subscribing_again(hub, client_of):
    hub.connect("d1", INBOX).vanish()
    send(hub, b"1")
    client = client_of("d1")
    assert client.received() == [Connack(True, 0), Publish(TOPIC, b"1", 1, 1)]


def test_what_was_not_acknowledged_comes_again(hub, client_of):
    client = hub.connect("d1", INBOX)
    send(hub, b"1")
    send(hub, b"2")
    client.send(Puback(1))
    assert cloud_messages.receive(hub.hub, "d1") is None  # the connection has it
    client.vanish()
    for _ in range(12):  # a lost connection is no delivery that counts
        client = client_of("d1")
        assert client.received() == [Connack(True, 0), Publish(TOPIC, b"2", 1, 1, dup=True)]
    client.send(Puback(1))
    assert waiting(hub) == 0


def test_a_new_connection_takes_over_from_an_older_one(hub, client_of):
    old = hub.connect("d1", INBOX)
    send(hub, b"1")
    client = client_of("d1")
    assert old.closed
    assert payloads(client) == [b"1"]


def test_a_clean_session_gets_only_what_is_sent_after_it_subscribes(hub, client_of):
    client = hub.connect("d1", INBOX, clean_session=True)
    send(hub, b"1")
    assert payloads(client) == [b"1"]
    client.vanish()
    send(hub, b"2")
    client = client_of("d1", clean_session=True)
    assert client.received() == [Connack(False, 0)]
    client.subscribe(INBOX)
    assert client.received() == []
    send(hub, b"3")
    assert payloads(client) == [b"3"]
    assert waiting(hub) == 3


def test_without_acknowledgements_a_message_is_complete_when_it_is_sent(hub):
    client = hub.connect("d1")
    assert client.subscribe(INBOX, qos=0) == [0]
    send(hub, b"1")
    assert client.received() == [Publish(TOPIC, b"1", 0)]
    assert waiting(hub) == 0


def test_a_client_has_few_messages_at_a_time(hub):
    client = hub.connect("d1", INBOX)
    for number in range(20):
        send(hub, b"%d" % number)
    assert payloads(client) == [b"%d" % number for number in range(MAX_UNACKNOWLEDGED)]
    client.send(Puback(1), Puback(2))
    assert payloads(client) == [b"8", b"9"]


def test_the_largest_messages_fit(hub):
    client = hub.connect("d1", INBOX)
    for _ in range(MAX_UNACKNOWLEDGED):
        send(hub, b"x" * 44_000, properties={"p": "%" * 19_000})
    assert len(payloads(client)) == MAX_UNACKNOWLEDGED
    assert not client.closed


def test_a_message_that_expires_is_gone_wherever_it_is(hub, client_of):
    client = hub.connect("d1", INBOX)
    send(hub, b"with the client")
    client.received()
    hub.pass_time(3000)
    client.send(Pingreq())
    client.received()
    hub.pass_time(600)
    finish(cloud_messages.expire(hub.hub))
    assert waiting(hub) == 0
    client.send(Puback(1))  # too late
    client.vanish()
    send(hub, b"in the queue")
    hub.pass_time(3600)
    client = client_of("d1")
    assert payloads(client) == []


def test_a_message_whose_lock_has_ended_is_delivered(hub, client_of):
    client = hub.connect("d1", INBOX)
    client.vanish()
    send(hub, b"1")
    taken = cloud_messages.receive(hub.hub, "d1")
    client = client_of("d1")
    assert payloads(client) == []
    hub.pass_time(60)
    finish(cloud_messages.expire(hub.hub))
    assert payloads(client) == [b"1"]
    assert taken.payload == b"1"


def test_an_abandoned_message_is_delivered_at_once(hub):
    client = hub.connect("d1", INBOX)
    client.vanish()
    send(hub, b"1")
    lock = cloud_messages.receive(hub.hub, "d1").state.lock
    client = hub.connect("d1", again=True)
    cloud_messages.settle(hub.hub, "d1", lock, "abandon")
    assert client.received() == [Publish(TOPIC, b"1", 1, 1)]


def test_without_its_subscription_a_device_gets_nothing(hub):
    client = hub.connect("d1", INBOX)
    client.send(Unsubscribe(1, (INBOX,)))
    client.received()
    send(hub, b"1")
    assert client.received() == []
    client.subscribe(INBOX)
    assert client.received() == []  # the subscription is a new one
    assert waiting(hub) == 1


@pytest.mark.parametrize("topic_filter", [INBOX, "devices/d1/modules/m1/messages/devicebound/#"])
def test_a_module_gets_no_messages_of_services(hub, topic_filter):
    client = hub.connect("d1/m1")
    client.subscribe(topic_filter)
    send(hub, b"1")
    assert client.received() == []


def test_a_device_that_is_deleted_and_made_again_has_no_old_messages(hub, client_of):
    client = hub.connect("d1", INBOX)
    send(hub, b"1")
    registry.delete_device(hub.hub, "d1", "*")
    assert client.closed
    hub.add("d1")
    client = client_of("d1")
    assert client.received() == [Connack(False, 0)]
    assert waiting(hub) == 0
