"""A device of a test's hub, with Microsoft's own device SDK."""

from __future__ import annotations

import pytest

from tests.support.device_sdk import SDK_WARNINGS, leaks_end_here  # noqa: F401 - a fixture

sdk = pytest.importorskip("azure.iot.device")

pytestmark = SDK_WARNINGS


@pytest.fixture
def device(hub):
    return hub.device("d1")


@pytest.fixture
def connection(hub, device):
    client = sdk.IoTHubDeviceClient.create_from_connection_string(
        device.connection_string, server_verification_cert=hub.ca_file.read_text()
    )
    yield client
    client.shutdown()


def test_a_device_connects_reports_and_answers(hub, device, connection):
    def answer(request):
        response = sdk.MethodResponse.create_from_method_request(
            request, 202, {"got": request.payload}
        )
        connection.send_method_response(response)

    connection.on_method_request_received = answer
    assert device.wait_until(lambda twin: twin["connectionState"] == "Connected")
    result = device.invoke("m", [1])
    assert (result.status, result.payload) == (202, {"got": [1]})
    connection.patch_twin_reported_properties({"a": 1})
    device.wait_until(lambda twin: twin["properties"]["reported"].get("a") == 1)
    assert device.reported() == {"a": 1}
    connection.disconnect()
    hub.wait_for(lambda event: event.operation == "deviceDisconnected", device=device)


def test_a_test_that_waits_for_a_twin_in_vain_is_told_how_it_is(device):
    device.patch(tags={"a": 1})
    with pytest.raises(AssertionError) as caught:
        device.wait_until(lambda twin: False, timeout=0)
    first, *state, arrived, _, change = str(caught.value).splitlines()
    assert first == "the twin of d1 did not become as expected in 0 seconds; it is"
    assert state == [
        '  connectionState: "Disconnected"',
        '  tags: {"a": 1}',
        "  desired: {}",
        "  reported: {}",
    ]
    assert arrived == "arrived:"
    assert "d1  twin  updateTwin  " in change
