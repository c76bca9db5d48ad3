"""Microsoft's own SDKs on a bad day: throttled, with late queries, and with faults."""

from __future__ import annotations

import threading

import pytest
from waiting import wait_until

from edgeops.localhub.tail import tail
from tests.support.device_sdk import (  # noqa: F401 - fixtures
    SDK_WARNINGS,
    leaks_end_here,
    the_hub_of_devices,
)

sdk = pytest.importorskip("azure.iot.device")
models = pytest.importorskip("azure.iot.hub.models")

pytestmark = SDK_WARNINGS


def names(registry):
    found = registry.query_iot_hub(models.QuerySpecification(query="SELECT * FROM devices"))
    return [twin.device_id for twin in found.items]


def test_a_service_is_throttled_at_the_rate_of_the_sku(registry, local_hub, refused):
    local_hub.set_conditions(sku="S1")
    many = [
        models.ExportImportDevice(id=f"d{number}", import_mode="create") for number in range(100)
    ]
    assert registry.bulk_create_or_update_devices(many).is_successful
    with refused(429, "ThrottlingException"):
        registry.get_device("d1")
    assert registry.get_twin("d1").device_id == "d1"  # twins have a throttle of their own


def test_queries_see_writes_late(registry, local_hub):
    local_hub.set_conditions(queryDelay=3600)
    registry.create_device_with_sas("d1", None, None, "enabled")
    assert names(registry) == []
    assert registry.get_twin("d1").device_id == "d1"
    local_hub.set_conditions()
    assert names(registry) == ["d1"]


def test_a_device_hears_of_an_error_and_goes_on(registry, local_hub, device_client):
    registry.create_device_with_sas("d1", None, None, "enabled")
    device = device_client("d1")
    device.connect()
    local_hub.set_conditions(faults=["twin-write=503"])
    with pytest.raises(sdk.exceptions.ClientError) as caught:
        device.patch_twin_reported_properties({"a": 1})
    assert "status 503" in str(caught.value.__cause__)
    local_hub.set_conditions()
    device.patch_twin_reported_properties({"a": 2})
    assert registry.get_twin("d1").properties.reported["a"] == 2


def test_a_message_whose_connection_breaks_is_sent_again(registry, local_hub, device_client):
    registry.create_device_with_sas("d1", None, None, "enabled")
    device = device_client("d1", connection_retry_interval=1)
    device.connect()
    local_hub.set_conditions(faults=["telemetry=drop"])

    def send():
        try:
            device.send_message("1")
        except sdk.exceptions.NoConnectionError:  # of the moment between two connections
            device.connect()
            device.send_message("1")

    sending = threading.Thread(target=send)
    sending.start()
    wait_until(lambda: local_hub.counts().get("telemetry"))
    local_hub.set_conditions()
    sending.join(timeout=20)
    events = tail(local_hub.state_dir, last=100, device="d1", follow=False)
    assert [event["body"] for event in events if event["source"] == "Telemetry"] == [1]
