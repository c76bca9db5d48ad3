"""Bulk registry operations, through the real azure-iot-hub SDK."""

from __future__ import annotations

import pytest

models = pytest.importorskip("azure.iot.hub.models")


def bulk(registry, *entries):
    return registry.bulk_create_or_update_devices(list(entries))


def entry(mode, device, **fields):
    return models.ExportImportDevice(id=device, import_mode=mode, **fields)


def codes(result):
    return [(error.device_id, error.error_code) for error in result.errors]


def values(section):
    return {key: value for key, value in section.items() if not key.startswith("$")}


@pytest.fixture
def devices(registry):
    assert bulk(registry, entry("create", "d1"), entry("create", "d2")).is_successful
    registry.create_module_with_sas("d1", "m1", "", None, None)


def test_devices_are_created_with_their_twins(registry):
    result = bulk(
        registry,
        entry(
            "create",
            "d1",
            status="disabled",
            authentication=models.AuthenticationMechanism(type="certificateAuthority"),
            tags={"t": 1},
            properties=models.PropertyContainer(desired={"a": 1}),
        ),
        entry("create", "gw", capabilities=models.DeviceCapabilities(iot_edge=True)),
    )

    assert (result.is_successful, result.errors, result.warnings) == (True, [], [])
    twin = registry.get_twin("d1")
    assert (twin.status, twin.authentication_type) == ("disabled", "certificateAuthority")
    assert (twin.tags, values(twin.properties.desired)) == ({"t": 1}, {"a": 1})
    assert len(registry.get_modules("gw")) == 2


def test_names_of_values_are_read_in_any_case(registry):
    authority = models.AuthenticationMechanism(type="CertificateAuthority")
    assert bulk(
        registry,
        entry("Create", "d1", status="Enabled", authentication=authority),
        entry("CREATE", "d2"),
    ).is_successful
    device = registry.get_device("d1")
    assert (device.status, device.authentication.type) == ("enabled", "certificateAuthority")

    assert bulk(registry, entry("UpdateTwin", "d1", tags={"t": 1})).is_successful
    assert registry.get_twin("d1").tags == {"t": 1}
    failed = bulk(registry, entry("Update", "nobody"))
    assert [(error.error_code, error.operation) for error in failed.errors] == [
        ("DeviceNotFound", "update")
    ]


def test_modules_are_created_updated_and_deleted(registry, devices):
    assert bulk(registry, entry("create", "d2", module_id="m1", tags={"t": 1})).is_successful
    assert registry.get_module_twin("d2", "m1").tags == {"t": 1}

    authority = models.AuthenticationMechanism(type="certificateAuthority")
    assert bulk(
        registry, entry("update", "d2", module_id="m1", authentication=authority)
    ).is_successful
    assert registry.get_module("d2", "m1").authentication.type == "certificateAuthority"

    assert bulk(registry, entry("delete", "d2", module_id="m1")).is_successful
    assert registry.get_modules("d2") == []


def test_twins_are_patched(registry, devices):
    result = bulk(
        registry,
        entry(
            "updateTwin",
            "d1",
            module_id="m1",
            properties=models.PropertyContainer(desired={"a": 1}),
        ),
        entry(
            "updateTwin",
            "d2",
            tags={"t": 1},
            properties=models.PropertyContainer(reported={"r": 1}),
        ),
    )

    assert result.is_successful
    assert values(registry.get_module_twin("d1", "m1").properties.desired) == {"a": 1}
    twin = registry.get_twin("d2")
    assert (twin.tags, values(twin.properties.reported)) == ({"t": 1}, {"r": 1})


def test_what_an_edge_agent_reports_can_be_imported_but_not_its_desired_properties(registry):
    registry.create_device_with_sas("gw", None, None, "enabled", iot_edge=True)

    def agent(**properties):
        return entry(
            "updateTwin",
            "gw",
            module_id="$edgeAgent",
            properties=models.PropertyContainer(**properties),
        )

    assert bulk(registry, agent(reported={"lastDesiredVersion": 1})).is_successful
    refused = bulk(registry, agent(desired={"modules": {}}))
    assert codes(refused) == [("gw", "SystemModuleModifyUnauthorizedAccess")]


def test_etags_guard_the_modes_that_ask_for_them(registry, devices):
    identity, twin = registry.get_device("d1").etag, registry.get_twin("d1").etag
    stale = "c3RhbGU="

    assert codes(bulk(registry, entry("updateIfMatchETag", "d1", e_tag=stale))) == [
        ("d1", "PreconditionFailed")
    ]
    assert codes(bulk(registry, entry("updateTwinIfMatchETag", "d1", twin_etag=stale))) == [
        ("d1", "PreconditionFailed")
    ]
    assert codes(bulk(registry, entry("deleteIfMatchETag", "d1", e_tag=stale))) == [
        ("d1", "PreconditionFailed")
    ]
    assert codes(bulk(registry, entry("deleteIfMatchETag", "d1"))) == [("d1", "ArgumentInvalid")]

    tagged = entry("updateTwinIfMatchETag", "d1", twin_etag=twin, tags={"t": 1})
    assert bulk(registry, tagged).is_successful
    updated = entry("updateIfMatchETag", "d1", e_tag=identity, status="disabled")
    assert bulk(registry, updated).is_successful
    current = registry.get_device("d1").etag
    assert bulk(registry, entry("deleteIfMatchETag", "d1", e_tag=current)).is_successful
    assert [device.device_id for device in registry.get_devices()] == ["d2"]


def test_entries_succeed_and_fail_on_their_own(registry, devices):
    result = bulk(
        registry,
        entry("create", "d1"),
        entry("updateTwin", "nobody", tags={"t": 1}),
        entry("create", "d3", tags={"t": "x" * 5000}),
        entry("updateTwin", "d2", tags={"t": 1}),
    )

    assert not result.is_successful
    assert codes(result) == [
        ("d1", "DeviceAlreadyExists"),
        ("nobody", "DeviceNotFound"),
        ("d3", "ArgumentInvalid"),
    ]
    assert [device.device_id for device in registry.get_devices()] == ["d1", "d2"]
    assert registry.get_twin("d2").tags == {"t": 1}


def test_a_device_is_given_only_once_even_for_its_modules(registry, devices):
    """As on Azure since 2025 (azure-iot-sdk-csharp issue 3481)."""
    result = bulk(
        registry,
        entry("updateTwin", "d1", tags={"t": 1}),
        entry("updateTwin", "d1", module_id="m1", tags={"t": 1}),
    )

    assert codes(result) == [("d1", "DeviceDefinedMultipleTimes")]
    assert registry.get_twin("d1").tags is None


@pytest.mark.parametrize(
    "entries",
    [[], [entry("conquer", "d1")], [models.ExportImportDevice(import_mode="create")]],
    ids=["none", "unknown mode", "no id"],
)
def test_senseless_requests_change_nothing(registry, entries):
    result = bulk(registry, *entries)  # the SDK takes the error body of a 400 for a result

    assert not result.is_successful
    assert result.additional_properties["Message"].startswith("ErrorCode:")
    assert registry.get_devices() == []


def test_a_request_has_at_most_a_hundred_entries(registry, refused):
    with refused(413, "TooManyDevices"):
        bulk(registry, *(entry("create", f"d{n}") for n in range(101)))
    assert registry.get_devices() == []
