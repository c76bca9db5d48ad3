import pytest
from azure.iot.device import IoTHubDeviceClient, MethodResponse


@pytest.fixture
def truck(edgeops_clean_hub):
    """A truck that the hub knows."""
    return edgeops_clean_hub.device("truck-1", tags={"region": "north"}, desired={"interval": 60})


@pytest.fixture
def on_the_road(truck):
    """The truck's own program: it reports the interval that it was given, and can cool."""
    client = IoTHubDeviceClient.create_from_connection_string(truck.connection_string)

    def follow(patch):
        client.patch_twin_reported_properties({"interval": patch["interval"]})

    def cool(request):
        client.patch_twin_reported_properties({"target": request.payload["target"]})
        response = MethodResponse.create_from_method_request(request, 200)
        client.send_method_response(response)

    client.on_twin_desired_properties_patch_received = follow
    client.on_method_request_received = cool
    client.connect()
    yield client
    client.shutdown()
