"""Automatic and layered deployments, and device configurations."""

from __future__ import annotations

from edgeops.adopt.found import LayerKind

from .conftest import agent

CREDENTIALS = {"acr": {"password": "{{pw}}"}}
BASE = {
    "id": "base",
    "priority": 2,
    "targetCondition": "tags.site='north'",
    "labels": {"team": "vision"},
    "etag": "MQ==",
    "content": {
        "modulesContent": {
            "$edgeAgent": {
                "properties.desired": {
                    **agent(),
                    "runtime": {"settings": {"registryCredentials": CREDENTIALS}},
                }
            },
            "$edgeHub": {"properties.desired": {"routes": {"up": "FROM /* INTO $upstream"}}},
        }
    },
}
LAYER = {
    "id": "camera",
    "priority": 5,
    "targetCondition": "tags.camera=true",
    "content": {
        "modulesContent": {
            "$edgeAgent": {
                "properties.desired.modules.camera": {"settings": {"image": "<name>:$TAG"}}
            }
        }
    },
}


def test_a_deployment_is_a_layer(read):
    found = read(BASE)
    (layer,) = found.layers
    assert (layer.id, layer.kind, layer.priority) == ("base", LayerKind.AUTOMATIC, 2)
    assert layer.target_condition == "tags.site='north'"
    assert layer.labels == {"team": "vision"}
    assert layer.whole == {"$edgeAgent", "$edgeHub"}
    agent_read = layer.content["$edgeAgent"]
    assert agent_read["systemModules"]["edgeHub"]["settings"]["createOptions"] == {}
    credentials = agent_read["runtime"]["settings"]["registryCredentials"]
    assert credentials == {"acr": {"password": "${pw}"}}
    assert found.placeholders["pw"].original == "{{pw}}"


def test_a_list_has_each_and_texts_that_the_hub_may_mean_stay(read):
    found = read([BASE, LAYER])
    assert [(layer.id, layer.kind.value) for layer in found.layers] == [
        ("base", "automatic deployment"),
        ("camera", "layered deployment"),
    ]
    camera = found.layers[1].content["$edgeAgent"]["modules"]["camera"]
    assert camera["settings"]["image"] == "<name>:$TAG"


def test_a_device_configuration(read):
    content = {"deviceContent": {"properties.desired.limits.high": 5}}
    (layer,) = read({"id": "c", "targetCondition": "*", "content": content}).layers
    assert (layer.kind, layer.desired) == (LayerKind.DEVICES, {"limits": {"high": 5}})


def test_a_module_configuration_is_told(read):
    content = {"moduleContent": {"properties.desired.limits.high": 5}}
    found = read({"id": "c", "targetCondition": "FROM devices.modules", "content": content})
    assert not found.layers
    assert found.notes[0].text == (
        "the configuration `c` is not of devices or deployments; it is ignored"
    )


def test_wrong_members_are_problems(read):
    wrong = {**LAYER, "priority": "high", "targetCondition": 5, "labels": []}
    messages = [problem.message for problem in read(wrong).problems]
    assert sorted(messages) == [
        "is not a text: 5",
        "is not a whole number: high",
        "is not an object: []",
    ]
