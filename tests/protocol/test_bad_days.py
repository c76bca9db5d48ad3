"""What devices see of a hub on a bad day: delays, refusals, and connections that break."""

from __future__ import annotations

import pytest

from edgeops.localhub.conditions import parse_conditions
from edgeops.localhub.mqtt.packets import Connack, Disconnect, Puback, Publish, encode
from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.state.throttles import OperationKind

TWIN = "$iothub/twin/res/#"
EVENTS = "devices/d1/messages/events/"


@pytest.fixture
def client(hub):
    return hub.connect("d1", TWIN)


def under(hub, **document):
    hub.hub.admission.change(parse_conditions(document))


def telemetry(hub):
    return [e["body"] for e in hub.hub.store.events(0, 100, None) if e["source"] == "Telemetry"]


def get_twin(client, request="1"):
    """The status of a twin request, and whether the request was acknowledged."""
    answers = client.publish(f"$iothub/twin/GET/?$rid={request}", b"", qos=1, packet_id=7)
    statuses = [int(a.topic.split("/")[3]) for a in answers if isinstance(a, Publish)]
    return statuses, Puback(7) in answers


def test_an_error_answers_twin_requests(hub, client):
    under(hub, faults=["twin-read=503"])
    assert get_twin(client) == ([503], True)
    report = client.publish("$iothub/twin/PATCH/properties/reported/?$rid=2", b'{"a": 1}')
    assert "/204/" in report[0].topic
    assert not client.closed


def test_an_error_for_telemetry_can_only_break_the_connection(hub, client):
    under(hub, faults=["telemetry=500"])
    client.publish(EVENTS, b"1", qos=1, packet_id=1)
    assert (client.closed, telemetry(hub)) == (True, [])


@pytest.mark.parametrize(("fault", "arrived"), [("drop", []), ("cut", [1])])
def test_a_connection_breaks_before_or_after_the_message_arrived(hub, client, fault, arrived):
    under(hub, faults=[f"telemetry={fault}"])
    assert client.publish(EVENTS, b"1", qos=1, packet_id=1) == []
    assert (client.closed, telemetry(hub)) == (True, arrived)


def test_a_refused_connection_may_be_tried_again(hub, client_of):
    under(hub, faults=["connect=503"])
    refused = client_of("d1")
    assert refused.received() == [Connack(False, 3)]
    assert refused.closed


def test_a_slow_operation_holds_up_what_comes_after_it_in_order(hub, client):
    under(hub, faults=["telemetry=slow:2"])
    first, second = Publish(EVENTS, b"1", 1, 1), Publish(EVENTS, b"2")
    client.send_bytes(b"".join(map(encode, (first, second, Disconnect()))))
    assert (client.received(), telemetry(hub), client.pause) == ([], [], 2.0)
    client.work()
    assert (telemetry(hub), client.pause) == ([1], 2.0)
    assert client.received() == [Puback(1)]
    client.work()
    assert (telemetry(hub), client.pause, client.closed) == ([1, 2], 0.0, True)


def test_twin_requests_are_delayed_and_then_refused_at_the_rate_of_the_sku(hub, client):
    under(hub, sku="S1")
    throttle = hub.hub.admission.wait
    for _ in range(100):  # what other devices do
        throttle(OperationKind.TWIN_READ)
    client.publish("$iothub/twin/GET/?$rid=1", b"")
    assert 0 < client.pause < 1
    client.work()
    assert "/200/" in client.received()[0].topic
    fill_queue = (throttle(OperationKind.TWIN_READ) for _ in range(2000))
    with pytest.raises(HubFault):
        list(fill_queue)
    assert get_twin(client) == ([429], True)
