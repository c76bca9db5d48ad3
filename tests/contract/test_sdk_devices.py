"""Device and module identities, through the real azure-iot-hub SDK."""

from __future__ import annotations

import base64

import pytest

QuerySpecification = pytest.importorskip("azure.iot.hub.models").QuerySpecification

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


# --- edge devices ------------------------------------------------------------------


def test_an_edge_device_gets_its_system_modules_and_a_scope(registry):
    created = registry.create_device_with_sas("gw", KEY, KEY, "enabled", iot_edge=True)

    assert created.capabilities.iot_edge is True
    assert created.device_scope == f"ms-azure-iot-edge://gw-{created.generation_id}"
    assert [m.module_id for m in registry.get_modules("gw")] == ["$edgeAgent", "$edgeHub"]
    assert registry.get_module_twin("gw", "$edgeAgent").properties.desired["$version"] == 1
    assert registry.get_twin("gw").device_scope == created.device_scope


def test_a_device_becomes_an_edge_device_and_ceases_to_be_one(registry):
    registry.create_device_with_sas("d1", KEY, KEY, "enabled")

    edge = registry.update_device_with_sas("d1", None, KEY, KEY, "enabled", iot_edge=True)
    assert edge.device_scope
    assert len(registry.get_modules("d1")) == 2

    plain = registry.update_device_with_sas("d1", None, KEY, KEY, "enabled", iot_edge=False)
    assert plain.device_scope is None
    assert registry.get_modules("d1") == []


def test_a_leaf_device_names_its_edge_device(registry, refused):
    edge = registry.create_device_with_sas("gw", KEY, KEY, "enabled", iot_edge=True)
    leaf = registry.create_device_with_sas(
        "leaf", KEY, KEY, "enabled", device_scope=edge.device_scope
    )

    assert leaf.device_scope == edge.device_scope
    assert leaf.parent_scopes == [edge.device_scope]
    with refused(400, "ArgumentInvalid"):
        registry.update_device_with_sas(
            "leaf", None, KEY, KEY, "enabled", device_scope="ms-azure-iot-edge://nobody-1"
        )


def put(registry, identity, **changes):
    """Write an identity back as it was read, with changes, as az does."""
    body = identity.serialize(keep_readonly=True) | changes
    return registry.protocol.devices.create_or_update_identity(
        identity.device_id, body, f'"{identity.etag}"'
    )


@pytest.fixture
def gateways(registry):
    return [
        registry.create_device_with_sas(name, KEY, KEY, "enabled", iot_edge=True)
        for name in ("gw1", "gw2")
    ]


def children(registry, edge):
    query = (
        f"select deviceId from devices where array_contains(parentScopes, '{edge.device_scope}')"
    )
    return [row.device_id for row in registry.query_iot_hub(QuerySpecification(query=query)).items]


def test_the_parent_of_a_leaf_device_is_set_changed_and_unset(registry, gateways):
    first, second = gateways
    leaf = registry.create_device_with_sas("leaf", KEY, KEY, "enabled")

    leaf = put(registry, leaf, deviceScope=first.device_scope)
    assert leaf.parent_scopes == [first.device_scope]
    assert (children(registry, first), children(registry, second)) == (["leaf"], [])

    # az writes the parents back as it read them
    leaf = put(registry, leaf, deviceScope=second.device_scope)
    assert leaf.parent_scopes == [second.device_scope]
    assert registry.get_twin("leaf").parent_scopes == [second.device_scope]
    assert (children(registry, first), children(registry, second)) == ([], ["leaf"])

    leaf = put(registry, leaf, deviceScope="")
    assert (leaf.device_scope, leaf.parent_scopes or []) == (None, [])
    assert children(registry, second) == []


def test_the_parent_of_an_edge_device_is_set_changed_and_unset(registry, gateways):
    first, second = gateways
    inner = registry.create_device_with_sas("inner", KEY, KEY, "enabled", iot_edge=True)
    scope = inner.device_scope
    assert inner.parent_scopes == []

    for parent in gateways:
        inner = put(registry, inner, parentScopes=[parent.device_scope])
        assert (inner.device_scope, inner.parent_scopes) == (scope, [parent.device_scope])
    assert (children(registry, first), children(registry, second)) == ([], ["inner"])

    inner = put(registry, inner, parentScopes=[])
    assert (inner.device_scope, inner.parent_scopes) == (scope, [])
    assert children(registry, second) == []


def test_a_child_of_a_deleted_edge_device_can_be_written(registry, gateways):
    first, second = gateways
    leaf = registry.create_device_with_sas(
        "leaf", KEY, KEY, "enabled", device_scope=first.device_scope
    )
    inner = registry.create_device_with_sas(
        "inner", KEY, KEY, "enabled", iot_edge=True, parent_scopes=[first.device_scope]
    )
    registry.delete_device("gw1")

    leaf = put(registry, leaf, status="disabled")
    inner = put(registry, inner, status="disabled")
    assert leaf.parent_scopes == inner.parent_scopes == [first.device_scope]
    assert put(registry, leaf, deviceScope=second.device_scope).parent_scopes == [
        second.device_scope
    ]
    assert put(registry, inner, parentScopes=[]).parent_scopes == []


def test_only_another_edge_device_is_a_parent(registry, refused, gateways):
    first, second = gateways
    leaf = registry.create_device_with_sas("leaf", KEY, KEY, "enabled")
    for scope in ("gw1", "ms-azure-iot-edge://gw1-1", "ms-azure-iot-edge://leaf-1"):
        with refused(400, "ArgumentInvalid"):
            put(registry, leaf, deviceScope=scope)
        with refused(400, "ArgumentInvalid"):
            put(registry, first, parentScopes=[scope])
    with refused(400, "ArgumentInvalid"):
        put(registry, first, parentScopes=[first.device_scope])
    with refused(400, "ArgumentInvalid"):
        put(registry, leaf, parentScopes=[first.device_scope, second.device_scope])


def test_scopes_follow_a_change_of_the_edge_capability(registry, gateways):
    first, _ = gateways
    leaf = registry.create_device_with_sas(
        "d1", KEY, KEY, "enabled", device_scope=first.device_scope
    )

    edge = put(registry, leaf, capabilities={"iotEdge": True})
    assert edge.device_scope.startswith("ms-azure-iot-edge://d1-")
    assert edge.parent_scopes == [first.device_scope]

    plain = put(registry, edge, capabilities={"iotEdge": False})
    assert (plain.device_scope, plain.parent_scopes or []) == (None, [])


def test_names_of_values_are_read_in_any_case(registry):
    created = registry.create_device_with_sas("d1", KEY, KEY, "Enabled")
    assert created.status == "enabled"
    disabled = put(registry, created, status="DISABLED")
    assert disabled.status == "disabled"
    assert disabled.status_updated_time.year > 2000
    assert put(registry, disabled, status="Disabled").status_updated_time == (
        disabled.status_updated_time
    )
    for written, kind in (
        ("SelfSigned", "selfSigned"),
        ("CERTIFICATEAUTHORITY", "certificateAuthority"),
        ("Sas", "sas"),
    ):
        identity = registry.get_device("d1")
        updated = put(registry, identity, authentication={"type": written})
        assert updated.authentication.type == kind
        assert registry.get_twin("d1").authentication_type == kind


def test_the_scope_of_an_edge_device_cannot_change(registry, refused):
    edge = registry.create_device_with_sas("gw", KEY, KEY, "enabled", iot_edge=True)
    other = registry.create_device_with_sas(
        "gw2", KEY, KEY, "enabled", iot_edge=True, parent_scopes=edge.device_scope
    )

    assert other.parent_scopes == [edge.device_scope]
    with refused(400, "ArgumentInvalid"):
        registry.update_device_with_sas(
            "gw", None, KEY, KEY, "enabled", iot_edge=True, device_scope=other.device_scope
        )


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
