"""What a module gets at its inputs: a hub without sockets, two modules of a gateway."""

from __future__ import annotations

import pytest

from edgeops.localhub.mqtt.broker import MAX_UNDELIVERED
from edgeops.localhub.mqtt.packets import Puback, Publish, Subscribe
from edgeops.localhub.service import configurations, registry
from edgeops.localhub.steps import finish

INPUTS = "devices/d1/modules/filter/inputs/#"
EVENTS = "devices/d1/modules/sensor/messages/events/"


@pytest.fixture
def gateway(hub):
    """Device d1 with the modules sensor and filter, and a route from the one to the other."""
    registry.put_device(hub.hub, "d1", {"deviceId": "d1", "capabilities": {"iotEdge": True}}, "*")
    hub.add("d1", "sensor")
    hub.add("d1", "filter")
    route = 'FROM /messages/modules/sensor/* INTO BrokeredEndpoint("/modules/filter/inputs/a b")'
    content = {
        "$edgeHub": {"properties.desired": {"routes": {"r": route}}},
    }
    finish(configurations.apply_content(hub.hub, "d1", {"modulesContent": content}))


def messages(packets):
    return [packet for packet in packets if isinstance(packet, Publish)]


def test_a_message_arrives_at_the_input_with_its_properties(gateway, client_of):
    sensor, receiver = client_of("d1/sensor"), client_of("d1/filter")
    receiver.received()
    assert receiver.subscribe(INPUTS) == [1]
    sensor.publish(f"{EVENTS}%24.on=out&%24.ct=text%2Fplain&k=%C3%BC%26", b"1", qos=1, packet_id=1)
    [message] = receiver.received()
    assert message.topic == (
        "devices/d1/modules/filter/inputs/a%20b/"
        "%24.ct=text%2Fplain&k=%C3%BC%26&%24.cdid=d1&%24.cmid=sensor"
    )
    assert (message.payload, message.qos) == (b"1", 1)


def test_messages_wait_until_the_module_acknowledges_and_none_is_lost(gateway, client_of):
    sensor, receiver = client_of("d1/sensor"), client_of("d1/filter")
    receiver.received()
    sent = [str(n) for n in range(3 * MAX_UNDELIVERED)]
    for number in sent:
        sensor.publish(EVENTS, number.encode())
    assert receiver.received() == []  # it has no subscription yet
    receiver.send(Subscribe(1, ((INPUTS, 1),)))
    assert len(messages(receiver.received())) == MAX_UNDELIVERED
    receiver.vanish()

    again, got = client_of("d1/filter"), []
    while packets := messages(again.received()):
        got += [packet.payload.decode() for packet in packets]
        again.send(*[Puback(packet.packet_id) for packet in packets])
    assert got == sent
