import pytest
from azure.iot.device import IoTHubDeviceClient
from azure.iot.hub import IoTHubRegistryManager


@pytest.fixture
def truck(edgeops_clean_hub):
    """A truck that the hub knows."""
    return edgeops_clean_hub.device("truck-1", desired={"interval": 60})


def test_a_reading_arrives(edgeops_clean_hub, truck):
    client = IoTHubDeviceClient.create_from_connection_string(truck.connection_string)
    client.send_message('{"temperature": 9.5}')
    client.shutdown()
    event = edgeops_clean_hub.wait_for(telemetry={"temperature": 9.5})
    assert (event.device, event.body) == ("truck-1", {"temperature": 9.5})


def test_a_service_reads_the_twin(edgeops_clean_hub, truck):
    service = IoTHubRegistryManager.from_connection_string(edgeops_clean_hub.connection_string)
    assert service.get_twin("truck-1").properties.desired["interval"] == 60
