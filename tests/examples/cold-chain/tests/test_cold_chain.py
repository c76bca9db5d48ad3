import json

import pytest
from cold_chain import ColdChain


@pytest.fixture
def service(edgeops_clean_hub):
    return ColdChain(edgeops_clean_hub.connection_string)


def test_a_warm_truck_is_cooled_and_reports_more_often(
    edgeops_clean_hub, service, truck, on_the_road
):
    on_the_road.send_message(json.dumps({"temperature": 9.5}))
    event = edgeops_clean_hub.wait_for(telemetry={"temperature": 9.5}, device=truck)
    assert service.on_reading(event.device, event.body)
    truck.wait_until(lambda twin: twin["properties"]["reported"].get("interval") == 10)
    assert truck.reported() == {"interval": 10, "target": 4}


def test_a_cold_truck_is_left_alone(edgeops_clean_hub, service, truck):
    truck.send({"temperature": 4.0})
    event = edgeops_clean_hub.wait_for(telemetry={}, device=truck)
    assert service.on_reading(event.device, event.body)
    assert truck.desired() == {"interval": 60}


def test_no_reading_is_lost_when_the_hub_is_throttled(edgeops_clean_hub, service, truck):
    with edgeops_clean_hub.faults("twin-write=429"):
        assert not service.on_reading("truck-1", {"temperature": 4.0})
        assert edgeops_clean_hub.counts()["twin-write"]["faults"] >= 1
    assert service.on_reading("truck-1", {"temperature": 4.0})
