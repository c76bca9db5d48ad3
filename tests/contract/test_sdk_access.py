"""Who may do what, and what clients see when the hub misbehaves, through the real SDK."""

from __future__ import annotations

import pytest

from edgeops.localhub import access

models = pytest.importorskip("azure.iot.hub.models")

NEW = ("d2", None, None, "enabled")


@pytest.fixture(autouse=True)
def device(registry):
    registry.create_device_with_sas("d1", None, None, "enabled")


def test_the_service_policy_reads_and_writes_twins_only(registry_as, refused):
    service = registry_as("service")

    service.update_twin("d1", models.Twin(tags={"t": 1}))
    service.query_iot_hub(models.QuerySpecification(query="SELECT * FROM devices"))
    with refused(401, "IotHubUnauthorizedAccess"):
        service.get_device("d1")
    with refused(401, "IotHubUnauthorizedAccess"):
        service.create_device_with_sas(*NEW)


def test_registry_policies_read_or_also_write_identities(registry_as, refused):
    reader, writer = registry_as("registryRead"), registry_as("registryReadWrite")

    assert reader.get_device("d1").device_id == "d1"
    with refused(401, "IotHubUnauthorizedAccess"):
        reader.create_device_with_sas(*NEW)
    writer.create_device_with_sas(*NEW)
    assert len(writer.get_devices()) == 2
    with refused(401, "IotHubUnauthorizedAccess"):
        writer.get_twin("d1")


def test_the_device_policy_may_not_use_the_service_api(registry_as, refused):
    with refused(401, "IotHubUnauthorizedAccess"):
        registry_as("device").get_twin("d1")


def test_a_wrong_key_is_refused(registry_as, refused, local_hub, monkeypatch):
    right = access.connection_string(local_hub.state_dir, "service")
    wrong = access.connection_string(local_hub.state_dir, "device").replace("=device;", "=service;")
    assert right != wrong
    monkeypatch.setattr(access, "connection_string", lambda *_: wrong)

    with refused(401, "IotHubUnauthorizedAccess"):
        registry_as("service").get_twin("d1")


def test_throttling_can_be_injected(registry, local_hub, refused):
    local_hub.faults.answer("PATCH", "^/twins/d1$", 429, retry_after="1")

    with refused(429, "ThrottlingException"):
        registry.update_twin("d1", models.Twin(tags={"t": 1}))
    registry.update_twin("d1", models.Twin(tags={"t": 1}))


def test_an_answer_can_get_lost_after_the_write(registry, local_hub):
    from msrest.exceptions import ClientRequestError

    local_hub.faults.drop("PATCH", "^/twins/d1$", done=True)

    with pytest.raises(ClientRequestError):
        registry.update_twin("d1", models.Twin(tags={"t": 1}))
    assert registry.get_twin("d1").tags == {"t": 1}


def test_a_connection_can_be_cut_before_the_write(registry, local_hub):
    from msrest.exceptions import ClientRequestError

    local_hub.faults.drop("PATCH", "^/twins/")

    with pytest.raises(ClientRequestError):
        registry.update_twin("d1", models.Twin(tags={"t": 1}))
    assert registry.get_twin("d1").tags is None
