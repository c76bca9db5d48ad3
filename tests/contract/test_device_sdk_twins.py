"""Microsoft's own device SDK, unmodified: connections and twins."""

from __future__ import annotations

import queue

import pytest

from tests.support.device_sdk import (  # noqa: F401 - fixtures
    SDK_WARNINGS,
    leaks_end_here,
    the_hub_of_devices,
)

exceptions = pytest.importorskip("azure.iot.device.exceptions")
models = pytest.importorskip("azure.iot.hub.models")

pytestmark = SDK_WARNINGS

WRONG_KEY = "d3Jvbmcga2V5IHdyb25nIGtleQ=="


@pytest.fixture
def edge_device(registry):
    """Device d1 with module m1, known to the hub."""
    registry.create_device_with_sas("d1", None, None, "enabled", iot_edge=True)
    registry.create_module_with_sas("d1", "m1", "", None, None)


@pytest.fixture(params=[None, "m1"], ids=["device", "module"])
def module(request, edge_device):
    """Each test is of a device, and of a module of it."""
    return request.param


@pytest.fixture
def twin(registry, module):
    """The twin as a service sees it."""
    if module:
        return lambda: registry.get_module_twin("d1", module)
    return lambda: registry.get_twin("d1")


@pytest.fixture
def set_desired(registry, module):
    """Patches the desired properties as a service."""

    def patch(**desired):
        changes = models.Twin(properties=models.TwinProperties(desired=desired))
        if module:
            registry.update_module_twin("d1", module, changes)
        else:
            registry.update_twin("d1", changes)

    return patch


def patches_of(client):
    """Hear of desired properties from now on; gives a function that waits for the next patch."""
    client.get_twin()  # connects, and subscribes to answers, which the SDK needs later
    heard = queue.Queue()
    client.on_twin_desired_properties_patch_received = heard.put
    return lambda: heard.get(timeout=10)


def test_the_hub_knows_who_is_connected(device_client, twin, module):
    client = device_client("d1", module)
    assert twin().connection_state == "Disconnected"
    client.connect()
    assert client.connected
    assert twin().connection_state == "Connected"
    client.disconnect()
    assert twin().connection_state == "Disconnected"


def test_the_second_key_is_as_good(device_client, registry, edge_device):
    second = registry.get_device("d1").authentication.symmetric_key.secondary_key
    device_client("d1", key=second).connect()


def test_a_wrong_key_is_refused(device_client, module):
    with pytest.raises(exceptions.CredentialError):
        device_client("d1", module, key=WRONG_KEY).connect()


def test_a_connection_outlives_its_keys(device_client, registry, post, module):
    client = device_client("d1", module)
    client.connect()
    old = registry.get_module("d1", module) if module else registry.get_device("d1")

    names = [{"id": "d1", "moduleId": module}]
    post(registry, "/devices/keys/regenerate", {"policyKey": "both", "devices": names})

    assert client.get_twin()["desired"]["$version"] == 1
    with pytest.raises(exceptions.CredentialError):
        device_client("d1", module, key=old.authentication.symmetric_key.primary_key).connect()


def test_a_deleted_device_is_cut_off_and_refused(device_client, registry, edge_device):
    client = device_client("d1")
    states = queue.Queue()
    client.on_connection_state_change = lambda: states.put(client.connected)
    client.connect()
    assert states.get(timeout=10) is True
    registry.delete_device("d1")
    assert states.get(timeout=10) is False


def test_a_device_gets_its_twin(device_client, module, set_desired):
    set_desired(a={"b": [1, [True], "x"]})
    client = device_client("d1", module)
    assert client.get_twin() == {
        "desired": {"a": {"b": [1, [True], "x"]}, "$version": 2},
        "reported": {"$version": 1},
    }


def test_a_device_reports(device_client, module, twin):
    client = device_client("d1", module)
    client.patch_twin_reported_properties({"a": 1, "b": {"c": "x"}})
    client.patch_twin_reported_properties({"b": None})
    reported = twin().properties.reported
    assert (reported["a"], "b" in reported, reported["$version"]) == (1, False, 3)
    assert client.get_twin()["reported"] == {"a": 1, "$version": 3}


@pytest.mark.parametrize("value", ["x" * 5000, [None], [{"b": None}]], ids=["text", "null", "b"])
def test_a_report_that_breaks_a_limit_is_an_error(device_client, module, twin, value):
    client = device_client("d1", module)
    with pytest.raises(exceptions.ClientError) as caught:
        client.patch_twin_reported_properties({"a": value})
    assert str(caught.value.__cause__) == "twin operation returned status 400"
    assert twin().properties.reported["$version"] == 1


def test_a_device_is_told_what_a_service_patches(device_client, module, set_desired):
    client = device_client("d1", module)
    next_patch = patches_of(client)
    set_desired(a={"b": 1})
    assert next_patch() == {"a": {"b": 1}, "$version": 2}
    set_desired(a=None)
    assert next_patch() == {"a": None, "$version": 3}


def test_a_module_is_told_of_applied_content(device_client, configurations, edge_device):
    client = device_client("d1", "m1")
    next_patch = patches_of(client)
    for desired in ({"a": 1, "b": 2}, {"b": 2, "c": 3}):
        content = models.ConfigurationContent(
            modules_content={"m1": {"properties.desired": desired}}
        )
        configurations.apply_configuration_on_edge_device("d1", content)
    assert next_patch() == {"a": 1, "b": 2, "$version": 2}
    assert next_patch() == {"a": None, "c": 3, "$version": 3}


def test_a_device_is_told_of_what_configurations_do(device_client, configurations, edge_device):
    client = device_client("d1")
    next_patch = patches_of(client)
    for name, value in (("c1", {"x": 1}), ("c2", {"x": 2})):
        content = models.ConfigurationContent(device_content={"properties.desired.a": value})
        configurations.create_configuration(
            models.Configuration(id=name, content=content, target_condition="*")
        )
        assert next_patch()["a"] == value
    configurations.delete_configuration("c2")
    assert next_patch() == {"a": {"x": 1}, "$version": 4}
    configurations.delete_configuration("c1")
    assert next_patch() == {"a": None, "$version": 5}


def test_a_module_is_told_of_deployments(device_client, configurations, edge_device):
    client = device_client("d1", "m1")
    next_patch = patches_of(client)
    for priority, desired in enumerate(({"a": 1, "b": 2}, {"b": 2, "c": 3})):
        content = {
            "$edgeAgent": {"properties.desired": {"modules": {"m1": {}}}},
            "m1": {"properties.desired": desired},
        }
        configurations.create_configuration(
            models.Configuration(
                id=f"c{priority}",
                content=models.ConfigurationContent(modules_content=content),
                target_condition="deviceId = 'd1'",
                priority=priority,
            )
        )
        expected = {"a": 1, "b": 2} if priority == 0 else {"a": None, "c": 3}
        assert next_patch() == expected | {"$version": priority + 2}


def test_a_device_that_was_away_gets_what_it_missed(device_client, module, set_desired):
    client = device_client("d1", module)
    next_patch = patches_of(client)
    client.disconnect()
    set_desired(a=1)
    set_desired(a=2)
    client.connect()
    assert next_patch() == {"a": 2, "$version": 3}  # the SDK asks for the whole twin


def test_the_same_identity_takes_over(device_client, edge_device):
    # The first would connect again, the second too, and so on for ever.
    first, second = device_client("d1", connection_retry=False), device_client("d1")
    lost = queue.Queue()
    first.on_connection_state_change = lambda: lost.put(first.connected)
    first.connect()
    assert lost.get(timeout=10)
    second.connect()
    assert lost.get(timeout=10) is False
    assert second.connected


def test_after_a_restart_of_the_hub_patches_come_again(
    start_mqtt_hub, local_mqtt_hub, registry, device_client, edge_device
):
    client = device_client("d1", connection_retry_interval=1)
    states = queue.Queue()
    next_patch = patches_of(client)
    client.on_connection_state_change = lambda: states.put(client.connected)
    local_mqtt_hub.stop()
    assert states.get(timeout=10) is False

    start_mqtt_hub(again=local_mqtt_hub)
    assert states.get(timeout=20) is True
    assert next_patch() == {"$version": 1}  # the SDK asks for the whole twin
    changes = models.Twin(properties=models.TwinProperties(desired={"a": 1}))
    registry.update_twin("d1", changes)
    assert next_patch() == {"a": 1, "$version": 2}
