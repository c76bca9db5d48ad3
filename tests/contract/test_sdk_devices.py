"""Device and module identities, through the real azure-iot-hub SDK."""

from __future__ import annotations

import base64

import pytest

KEY = base64.b64encode(b"k" * 32).decode()
OTHER_KEY = base64.b64encode(b"o" * 32).decode()
THUMBPRINT = "AB" * 20


def test_a_device_with_keys_is_created_and_read(registry):
    created = registry.create_device_with_sas("d1", KEY, OTHER_KEY, "enabled", status_reason="new")

    assert created.device_id == "d1"
    assert created.authentication.type == "sas"
    assert created.authentication.symmetric_key.primary_key == KEY
    assert created.authentication.symmetric_key.secondary_key == OTHER_KEY
    assert (created.status, created.status_reason) == ("enabled", "new")
    assert created.connection_state == "Disconnected"
    assert created.capabilities.iot_edge is False
    assert registry.get_device("d1").as_dict() == created.as_dict()


@pytest.mark.parametrize("absent", [None, ""])
def test_the_hub_makes_keys_that_are_not_given(registry, absent):
    keys = registry.create_device_with_sas(
        "d1", absent, absent, "enabled"
    ).authentication.symmetric_key

    assert len(base64.b64decode(keys.primary_key)) == 32
    assert keys.primary_key != keys.secondary_key


def test_an_x509_device_has_thumbprints_and_no_keys(registry):
    created = registry.create_device_with_x509("d1", THUMBPRINT, THUMBPRINT, "disabled")

    assert created.authentication.type == "selfSigned"
    assert created.authentication.x509_thumbprint.primary_thumbprint == THUMBPRINT
    assert created.authentication.symmetric_key.primary_key is None
    assert created.status == "disabled"
    assert registry.get_twin("d1").authentication_type == "selfSigned"


def test_a_device_of_a_certificate_authority(registry):
    created = registry.create_device_with_certificate_authority("d1", "enabled")

    assert created.authentication.type == "certificateAuthority"
    assert registry.get_twin("d1").authentication_type == "certificateAuthority"


def test_an_update_changes_the_identity_and_its_etag(registry):
    created = registry.create_device_with_sas("d1", KEY, KEY, "enabled")

    updated = registry.update_device_with_sas(
        "d1", created.etag, OTHER_KEY, OTHER_KEY, "disabled", status_reason="stolen"
    )

    assert updated.authentication.symmetric_key.primary_key == OTHER_KEY
    assert (updated.status, updated.status_reason) == ("disabled", "stolen")
    assert updated.status_updated_time.year > 2000
    assert updated.etag != created.etag
    assert updated.generation_id == created.generation_id


def test_an_update_can_change_the_way_to_authenticate(registry):
    registry.create_device_with_sas("d1", KEY, KEY, "enabled")

    by_thumbprint = registry.update_device_with_x509("d1", None, THUMBPRINT, None, "enabled")
    by_authority = registry.update_device_with_certificate_authority("d1", None, "enabled")

    assert by_thumbprint.authentication.type == "selfSigned"
    assert by_authority.authentication.type == "certificateAuthority"


def test_identity_errors(registry, refused):
    registry.create_device_with_sas("d1", KEY, KEY, "enabled")

    with refused(409, "DeviceAlreadyExists"):
        registry.create_device_with_sas("d1", KEY, KEY, "enabled")
    with refused(404, "DeviceNotFound"):
        registry.get_device("d2")
    with refused(404, "DeviceNotFound"):
        registry.update_device_with_sas("d2", None, KEY, KEY, "enabled")
    with refused(412, "PreconditionFailed"):
        registry.update_device_with_sas("d1", "c3RhbGU=", KEY, KEY, "enabled")
    with refused(412, "PreconditionFailed"):
        registry.delete_device("d1", etag="c3RhbGU=")
    with refused(400, "ArgumentInvalid"):
        registry.create_device_with_sas("d3", "not a key", KEY, "enabled")
    with refused(400, "ArgumentInvalid"):
        registry.create_device_with_sas("d3", KEY, KEY, "broken")
    with refused(400, "ArgumentInvalid"):
        registry.create_device_with_x509("d3", "no thumbprint", None, "enabled")
    with refused(400, "ArgumentInvalid"):
        registry.create_device_with_sas("a b", KEY, KEY, "enabled")
    with refused(400, "ArgumentInvalid"):
        registry.create_device_with_sas("d" * 129, KEY, KEY, "enabled")


def test_every_character_of_an_id_works(registry):
    device = "a-b:c.d+e%f_g#h*i?j!k(l)m,n=o@p;q$r's"
    registry.create_device_with_sas(device, KEY, KEY, "enabled")
    registry.create_module_with_sas(device, "m%20#?", "", KEY, KEY)

    assert registry.get_twin(device).device_id == device
    assert registry.get_module_twin(device, "m%20#?").module_id == "m%20#?"
    assert [listed.device_id for listed in registry.get_devices()] == [device]


def test_a_deleted_device_is_gone_with_its_modules(registry, refused):
    created = registry.create_device_with_sas("d1", KEY, KEY, "enabled")
    registry.create_module_with_sas("d1", "m1", "", KEY, KEY)

    registry.delete_device("d1", etag=created.etag)

    with refused(404, "DeviceNotFound"):
        registry.get_device("d1")
    recreated = registry.create_device_with_sas("d1", KEY, KEY, "enabled")
    assert registry.get_modules("d1") == []
    assert recreated.generation_id != created.generation_id


def test_devices_are_listed_by_id_up_to_a_number(registry):
    for name in ("d2", "d3", "d1"):
        registry.create_device_with_sas(name, KEY, KEY, "enabled")

    assert [device.device_id for device in registry.get_devices()] == ["d1", "d2", "d3"]
    assert [device.device_id for device in registry.get_devices(2)] == ["d1", "d2"]
    assert len(registry.get_devices(0)) == 3


def test_statistics_count_devices(registry, local_hub):
    registry.create_device_with_sas("d1", KEY, KEY, "enabled")
    registry.create_device_with_sas("d2", KEY, KEY, "disabled")
    local_hub.set_connected("d1")

    counted = registry.get_device_registry_statistics()

    assert counted.total_device_count == 2
    assert (counted.enabled_device_count, counted.disabled_device_count) == (1, 1)
    assert registry.get_service_statistics().connected_device_count == 1
    assert registry.get_device("d1").connection_state == "Connected"


def test_names_of_values_are_read_in_any_case(registry, put):
    created = registry.create_device_with_sas("d1", KEY, KEY, "Enabled")
    assert created.status == "enabled"
    disabled = put(created, status="DISABLED")
    assert disabled.status == "disabled"
    assert disabled.status_updated_time.year > 2000
    assert put(disabled, status="Disabled").status_updated_time == (disabled.status_updated_time)
    for written, kind in (
        ("SelfSigned", "selfSigned"),
        ("CERTIFICATEAUTHORITY", "certificateAuthority"),
        ("Sas", "sas"),
    ):
        identity = registry.get_device("d1")
        updated = put(identity, authentication={"type": written})
        assert updated.authentication.type == kind
        assert registry.get_twin("d1").authentication_type == kind


# --- modules -----------------------------------------------------------------------


def test_modules_are_created_updated_listed_and_deleted(registry):
    registry.create_device_with_sas("d1", KEY, KEY, "enabled")

    created = registry.create_module_with_sas("d1", "m1", "somebody", KEY, KEY)
    registry.create_module_with_x509("d1", "m2", "", THUMBPRINT, THUMBPRINT)
    registry.create_module_with_certificate_authority("d1", "m3", "")

    assert (created.module_id, created.device_id, created.managed_by) == ("m1", "d1", "somebody")
    assert [m.authentication.type for m in registry.get_modules("d1")] == [
        "sas",
        "selfSigned",
        "certificateAuthority",
    ]
    updated = registry.update_module_with_sas("d1", "m1", "me", created.etag, KEY, OTHER_KEY)
    assert updated.authentication.symmetric_key.secondary_key == OTHER_KEY
    assert registry.get_module("d1", "m1").managed_by == "me"
    registry.update_module_with_x509("d1", "m1", "", None, THUMBPRINT, THUMBPRINT)
    registry.update_module_with_certificate_authority("d1", "m1", "", None)
    registry.delete_module("d1", "m1")
    assert [m.module_id for m in registry.get_modules("d1")] == ["m2", "m3"]


def test_module_errors(registry, refused):
    registry.create_device_with_sas("gw", KEY, KEY, "enabled", iot_edge=True)
    registry.create_module_with_sas("gw", "m1", "", KEY, KEY)

    with refused(409, "ModuleAlreadyExistsOnDevice"):
        registry.create_module_with_sas("gw", "m1", "", KEY, KEY)
    with refused(404, "ModuleNotFound"):
        registry.get_module("gw", "m2")
    with refused(404, "DeviceNotFound"):
        registry.create_module_with_sas("nobody", "m1", "", KEY, KEY)
    with refused(404, "DeviceNotFound"):
        registry.get_modules("nobody")
    with refused(412, "PreconditionFailed"):
        registry.delete_module("gw", "m1", etag="c3RhbGU=")
    with refused(401, "SystemModuleModifyUnauthorizedAccess"):
        registry.delete_module("gw", "$edgeHub")
    with refused(401, "SystemModuleModifyUnauthorizedAccess"):
        registry.create_module_with_sas("gw", "$edgeX", "", KEY, KEY)


def test_a_device_has_at_most_fifty_modules(registry, refused):
    registry.create_device_with_sas("gw", KEY, KEY, "enabled", iot_edge=True)
    for number in range(50):
        registry.create_module_with_sas("gw", f"m{number}", "", KEY, KEY)

    with refused(413, "TooManyModulesOnDevice"):
        registry.create_module_with_sas("gw", "m50", "", KEY, KEY)


def test_the_modules_of_the_runtime_have_no_keys_for_services(registry):
    registry.create_device_with_sas("g1", None, None, "enabled", iot_edge=True)
    for module in registry.get_modules("g1"):  # on Azure, the IoT Edge runtime gives them keys
        keys = module.authentication.symmetric_key
        assert (module.authentication.type, keys.primary_key, keys.secondary_key) == (
            "none",
            None,
            None,
        )
