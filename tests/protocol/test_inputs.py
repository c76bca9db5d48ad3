"""What a module gets at its inputs: a hub without sockets, two modules of a gateway."""

from __future__ import annotations

import pytest

from edgeops.localhub.mqtt import broker
from edgeops.localhub.mqtt.broker import MAX_UNDELIVERED
from edgeops.localhub.mqtt.packets import Connack, Puback, Publish, Subscribe, Will
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


def test_the_will_of_an_older_connection_comes_after_the_answer_to_the_new_one(
    gateway, hub, client_of
):
    route = 'FROM /messages/* INTO BrokeredEndpoint("/modules/filter/inputs/in")'
    content = {"$edgeHub": {"properties.desired": {"routes": {"r": route}}}}
    finish(configurations.apply_content(hub.hub, "d1", {"modulesContent": content}))
    will = Will("devices/d1/modules/filter/messages/events/", b"bye", 1, False)
    hub.connect("d1/filter", INPUTS, will=will)
    answer, message = client_of("d1/filter").received()
    assert answer == Connack(True, 0)
    assert message.payload == b"bye"


def test_what_devices_that_left_did_not_acknowledge_is_bounded(
    gateway, hub, client_of, monkeypatch
):
    monkeypatch.setattr(broker, "MAX_UNDELIVERED_BYTES", 2000)
    modules = [f"f{n}" for n in range(4)]
    for module in modules:
        hub.add("d1", module)
        route = (
            f'FROM /messages/modules/sensor/* INTO BrokeredEndpoint("/modules/{module}/inputs/i")'
        )
        content = {"$edgeHub": {"properties.desired": {"routes": {"r": route}}}}
        finish(configurations.apply_content(hub.hub, "d1", {"modulesContent": content}))
        receiver = hub.connect(f"d1/{module}", f"devices/d1/modules/{module}/inputs/#")
        client_of("d1/sensor").publish(EVENTS, b"x" * 500)
        receiver.vanish()
    sizes = [len(messages(client_of(f"d1/{module}").received())) for module in modules]
    assert sizes == [0, 0, 1, 1]
