"""Edge devices, their scopes and their children, through the real azure-iot-hub SDK."""

from __future__ import annotations

import base64

import pytest

QuerySpecification = pytest.importorskip("azure.iot.hub.models").QuerySpecification

KEY = base64.b64encode(b"k" * 32).decode()


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


def test_the_parent_of_a_leaf_device_is_set_changed_and_unset(registry, put, gateways):
    first, second = gateways
    leaf = registry.create_device_with_sas("leaf", KEY, KEY, "enabled")

    leaf = put(leaf, deviceScope=first.device_scope)
    assert leaf.parent_scopes == [first.device_scope]
    assert (children(registry, first), children(registry, second)) == (["leaf"], [])

    # az writes the parents back as it read them
    leaf = put(leaf, deviceScope=second.device_scope)
    assert leaf.parent_scopes == [second.device_scope]
    assert registry.get_twin("leaf").parent_scopes == [second.device_scope]
    assert (children(registry, first), children(registry, second)) == ([], ["leaf"])

    leaf = put(leaf, deviceScope="")
    assert (leaf.device_scope, leaf.parent_scopes or []) == (None, [])
    assert children(registry, second) == []


def test_the_parent_of_an_edge_device_is_set_changed_and_unset(registry, put, gateways):
    first, second = gateways
    inner = registry.create_device_with_sas("inner", KEY, KEY, "enabled", iot_edge=True)
    scope = inner.device_scope
    assert inner.parent_scopes == []

    for parent in gateways:
        inner = put(inner, parentScopes=[parent.device_scope])
        assert (inner.device_scope, inner.parent_scopes) == (scope, [parent.device_scope])
    assert (children(registry, first), children(registry, second)) == ([], ["inner"])

    inner = put(inner, parentScopes=[])
    assert (inner.device_scope, inner.parent_scopes) == (scope, [])
    assert children(registry, second) == []


def test_a_child_of_a_deleted_edge_device_can_be_written(registry, put, gateways):
    first, second = gateways
    leaf = registry.create_device_with_sas(
        "leaf", KEY, KEY, "enabled", device_scope=first.device_scope
    )
    inner = registry.create_device_with_sas(
        "inner", KEY, KEY, "enabled", iot_edge=True, parent_scopes=[first.device_scope]
    )
    registry.delete_device("gw1")

    leaf = put(leaf, status="disabled")
    inner = put(inner, status="disabled")
    assert leaf.parent_scopes == inner.parent_scopes == [first.device_scope]
    assert put(leaf, deviceScope=second.device_scope).parent_scopes == [second.device_scope]
    assert put(inner, parentScopes=[]).parent_scopes == []


def test_only_another_edge_device_is_a_parent(registry, put, refused, gateways):
    first, second = gateways
    leaf = registry.create_device_with_sas("leaf", KEY, KEY, "enabled")
    for scope in ("gw1", "ms-azure-iot-edge://gw1-1", "ms-azure-iot-edge://leaf-1"):
        with refused(400, "ArgumentInvalid"):
            put(leaf, deviceScope=scope)
        with refused(400, "ArgumentInvalid"):
            put(first, parentScopes=[scope])
    with refused(400, "ArgumentInvalid"):
        put(first, parentScopes=[first.device_scope])
    with refused(400, "ArgumentInvalid"):
        put(leaf, parentScopes=[first.device_scope, second.device_scope])


def test_scopes_follow_a_change_of_the_edge_capability(registry, put, gateways):
    first, _ = gateways
    leaf = registry.create_device_with_sas(
        "d1", KEY, KEY, "enabled", device_scope=first.device_scope
    )

    edge = put(leaf, capabilities={"iotEdge": True})
    assert edge.device_scope.startswith("ms-azure-iot-edge://d1-")
    assert edge.parent_scopes == [first.device_scope]

    plain = put(edge, capabilities={"iotEdge": False})
    assert (plain.device_scope, plain.parent_scopes or []) == (None, [])


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
