"""A change of one thing in an identity, seen with Microsoft's SDK: everything else stays."""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgeops.fleet.model import HubTarget
from edgeops.hub.open import LocalAccess, open_hub

A, B = "A" * 40, "B" * 64
VOLATILE = {"etag", "status_updated_time"}


@pytest.fixture
def update(local_hub):
    """Changes an identity as edgeops does."""

    def run(device, **change):
        async def scenario():
            access = LocalAccess(local_hub.connection_string, str(local_hub.ca_file))
            async with open_hub(HubTarget("local"), environ={}, local=access) as hub:
                await hub.update_identity(device, **change)

        asyncio.run(scenario())

    return run


@pytest.fixture
def gateway(registry):
    return registry.create_device_with_sas("gateway", "", "", "enabled", iot_edge=True)


def fields(registry, device):
    return registry.get_device(device).as_dict()


def keys(registry, device):
    return registry.get_device(device).authentication.symmetric_key.as_dict()


@pytest.mark.parametrize("edge", [False, True])
def test_keys_and_all_other_fields_stay(registry, update, gateway, edge):
    registry.create_device_with_sas("d", "", "", "disabled", iot_edge=edge, status_reason="broken")
    before = fields(registry, "d")
    update("d", status="enabled")
    after = fields(registry, "d")
    assert after["status"] == "enabled"
    changed = {key for key in before | after if before.get(key) != after.get(key)}
    assert changed <= VOLATILE | {"status"}
    assert after["status_reason"] == "broken"

    update("d", parent_scope=gateway.device_scope)
    child = fields(registry, "d")
    assert child["parent_scopes"] == [gateway.device_scope]
    changed = {key for key in child | after if child.get(key) != after.get(key)}
    assert changed <= {"etag", "parent_scopes"} | ({"device_scope"} if not edge else set())


def test_twin_and_modules_are_not_touched(registry, update):
    registry.create_device_with_sas("d", "", "", "enabled", iot_edge=True)
    registry.update_twin("d", {"tags": {"a": 1}, "properties": {"desired": {"b": 2}}})
    module = registry.create_module_with_sas("d", "m", "", None, None)
    twin = registry.get_twin("d")
    update("d", authentication="x509CA")
    after = registry.get_twin("d")
    assert (after.etag, after.tags, after.properties) == (twin.etag, twin.tags, twin.properties)
    assert registry.get_module("d", "m") == module
    assert after.authentication_type == "certificateAuthority"


def test_another_authentication_drops_the_keys_and_back_makes_new_ones(registry, update):
    registry.create_device_with_sas("d", "", "", "enabled")
    first = keys(registry, "d")
    update("d", authentication="selfSigned", thumbprints={"primary": A, "secondary": B})
    device = registry.get_device("d")
    assert device.authentication.x509_thumbprint.as_dict() == {
        "primary_thumbprint": A,
        "secondary_thumbprint": B,
    }
    assert keys(registry, "d") == {}
    update("d", authentication="sas")
    assert set(keys(registry, "d")) == set(first)
    assert not set(keys(registry, "d").values()) & set(first.values())


CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["enabled", "disabled"]),
        "parent_scope": st.sampled_from(["", "GATEWAY"]),
    },
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(CHANGES, min_size=1, max_size=3), st.booleans())
def test_keys_survive_every_update(registry, update, gateway, changes, edge):
    device = f"d-{edge}"
    if device not in {each.device_id for each in registry.get_devices()}:
        registry.create_device_with_sas(device, "", "", "enabled", iot_edge=edge)
    before = keys(registry, device)
    for change in changes:
        named = {
            key: gateway.device_scope if value == "GATEWAY" else value
            for key, value in change.items()
        }
        update(device, **named)
    assert keys(registry, device) == before
