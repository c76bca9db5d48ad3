from azure.iot.device import IoTHubDeviceClient


def test_a_reading_arrives(edgeops_clean_hub):
    truck = edgeops_clean_hub.device("truck-1")
    client = IoTHubDeviceClient.create_from_connection_string(truck.connection_string)
    client.send_message('{"temperature": 9.5}')
    client.shutdown()
    event = edgeops_clean_hub.wait_for(telemetry={"temperature": 9.5}, device=truck)
    assert event.body == {"temperature": 9.5}
