"""Configurations of a hub as values."""

import pytest

from edgeops.configuration import HubConfiguration, configuration_of


def test_a_device_configuration():
    value = {
        "id": "chiller-v2",
        "priority": 10,
        "createdTimeUtc": "2026-01-01T00:00:00Z",
        "targetCondition": "*",
        "content": {
            "deviceContent": {
                "properties.desired.chiller.temperature": 5,
                "properties.desired.cooler": {"x": 1},
                "tags.x": 1,
            },
            "modulesContent": None,
        },
    }
    assert configuration_of(value) == HubConfiguration(
        "chiller-v2",
        10,
        "2026-01-01T00:00:00Z",
        twin=frozenset({("chiller", "temperature"), ("cooler",)}),
    )


def test_a_module_configuration_and_deployments():
    of_modules = {"id": "m", "content": {"moduleContent": {"properties.desired": {"a": 1}}}}
    assert configuration_of(of_modules).twin == {()}
    base = {"$edgeAgent": {"properties.desired": {"schemaVersion": "1.1"}}, "m": {}}
    layer = {"$edgeHub": {"properties.desired.routes.up": "FROM /* INTO $upstream"}}
    value = {"id": "b", "content": {"modulesContent": base | layer}}
    assert configuration_of(value).deployment == {
        "$edgeAgent": {()}, "$edgeHub": {("routes", "up")}, "m": frozenset(),
    }  # fmt: skip


@pytest.mark.parametrize("value", [{}, {"id": "x"}, {"id": "x", "content": 5}, 5, None])
def test_what_is_not_a_configuration(value):
    with pytest.raises((KeyError, TypeError, AttributeError)):
        configuration_of(value)
