"""The exported state of a hub: devices, their modules, and configurations."""

from __future__ import annotations

from edgeops.adopt.found import LayerKind

from .conftest import agent
from .test_configuration import BASE, LAYER

STATE = {
    "arm": {"resources": [{"type": "Microsoft.Devices/IotHubs"}]},
    "configurations": {
        "admConfigurations": {
            "alarms": {
                "content": {"deviceContent": {"properties.desired": {"high": "${x}"}}},
                "targetCondition": "*",
                "priority": 1,
                "labels": None,
            }
        },
        "edgeDeployments": {"base": BASE, "camera": LAYER},
    },
    "devices": {
        "sensor": {
            "identity": {
                "authentication": {"type": "sas", "symmetricKey": {"primaryKey": "k3y"}},
                "capabilities": {"iotEdge": False},
                "status": "enabled",
            },
            "parent": "gateway",
            "twin": {"properties": {"desired": {"a": "${b}"}}, "tags": {"site": "north"}},
        },
        "gateway": {
            "identity": {"authentication": {"type": "sas"}, "capabilities": {"iotEdge": True}},
            "twin": {"properties": {"desired": {}}},
            "modules": {
                "$edgeAgent": {"twin": {"properties": {"desired": agent()}}},
                "camera": {"twin": {"properties": {"desired": {"fps": 5}}, "tags": {"a": "b"}}},
            },
        },
    },
}


def test_devices(read):
    found = read(STATE)
    sensor, gateway = found.devices
    assert (sensor.id, sensor.edge, sensor.parents) == ("sensor", False, ("gateway",))
    assert (sensor.tags, sensor.desired) == ({"site": "north"}, {"a": "$${b}"})
    assert (sensor.authentication, sensor.status) == ("sas", "enabled")
    assert (gateway.id, gateway.edge, gateway.tags) == ("gateway", True, {})
    assert gateway.modules["camera"] == {"fps": 5}
    assert gateway.module_tags == {"camera": {"a": "b"}}
    hub = gateway.modules["$edgeAgent"]["systemModules"]["edgeHub"]
    assert hub["settings"]["createOptions"] == {}
    assert "k3y" not in repr(found)
    assert not found.problems


def test_configurations_as_the_hub_has_them(read):
    found = read(STATE)
    kinds = [(layer.id, layer.kind) for layer in found.layers]
    assert kinds == [
        ("base", LayerKind.AUTOMATIC),
        ("camera", LayerKind.LAYERED),
        ("alarms", LayerKind.DEVICES),
    ]
    assert found.layers[2].desired == {"high": "$${x}"}
    assert not found.placeholders


def test_configurations_alone_are_a_state(read):
    assert len(read({"configurations": STATE["configurations"]}).layers) == 3


def test_what_is_broken_is_told_and_the_rest_is_read(read):
    devices = {**STATE["devices"], "broken": {"identity": 5, "twin": [], "modules": {"m": 5}}}
    broken = {"devices": devices, "configurations": {"edgeDeployments": {"c": 5}}}
    found = read(broken)
    assert len(found.devices) == 3
    assert [problem.pointer for problem in found.problems] == [
        "/devices/broken/identity",
        "/devices/broken/twin",
        "/devices/broken/modules/m",
        "/configurations/edgeDeployments/c",
    ]
