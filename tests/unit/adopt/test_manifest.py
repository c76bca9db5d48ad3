"""Deployment manifests and their templates."""

from __future__ import annotations

import pytest

from edgeops.adopt.found import LayerKind

from .conftest import agent

CAMERA = {"settings": {"image": "camera:1", "createOptions": '{"HostConfig":{"Privileged":true}}'}}
PRIVILEGED = {"HostConfig": {"Privileged": True}}
CAMERA_READ = {"settings": {"image": "camera:1", "createOptions": PRIVILEGED}}
TEMPLATE = """{
  "$schema-template": "4.0.0", // of the IoT Edge tools
  "modulesContent": {
    "$edgeAgent": {
      "properties.desired": {
        "runtime": {"settings": {"registryCredentials": {
          "$ACR_NAME": {"address": "$ACR_NAME.azurecr.io", "password": "$ACR_PASSWORD"}
        }}},
        "systemModules": {},
        "modules": {
          "camera": {
            "settings": {
              "image": "${MODULES.camera.amd64}",
              "createOptions": {"HostConfig": {"Memory": ${MEMORY}}, "Cmd": ["echo $HOME"]},
            },
            "env": {"SHELL": {"value": "${VAR:-x}"}}
          }
        }
      }
    },
    "$edgeHub": {
      "properties.desired": {
        "routes": {"up": "FROM /messages/* INTO $upstream"},
        "storeAndForwardConfiguration": {"timeToLiveSecs": ${TTL}}
      }
    }
  }
}"""


@pytest.mark.parametrize("content", ["modulesContent", "moduleContent"])
@pytest.mark.parametrize("wrapped", [False, True])
def test_a_manifest_is_a_device(read, content, wrapped):
    manifest = {
        content: {
            "$edgeAgent": {"properties.desired": agent(camera=CAMERA)},
            "$edgeHub": {"properties.desired": {"routes": {}}},
            "camera": {"properties.desired": {"fps": 5}, "tags": {"line": "1"}},
            "idle": {},
        }
    }
    found = read({"content": manifest} if wrapped else manifest)
    (device,) = found.devices
    assert (device.id, device.edge) == ("gateway", True)
    assert device.modules["$edgeAgent"]["modules"] == {"camera": CAMERA_READ}
    assert device.modules["camera"] == {"fps": 5}
    assert device.modules["idle"] == {}
    assert device.module_tags == {"camera": {"line": "1"}}
    assert not found.placeholders
    assert not found.notes
    assert not found.problems


def test_older_manifests_nest_their_properties(read):
    manifest = {"modulesContent": {"$edgeAgent": {"properties": {"desired": agent()}}}}
    (device,) = read(manifest).devices
    assert "systemModules" in device.modules["$edgeAgent"]


def test_a_template_has_variables(read):
    found = read(TEMPLATE, values={"MEMORY": "1024", "ACR_NAME": "contoso", "ACR_PASSWORD": "x"})
    (device,) = found.devices
    agent_read = device.modules["$edgeAgent"]
    assert agent_read["modules"]["camera"] == {
        "settings": {
            "image": "${MODULES_camera_amd64}",
            "createOptions": {"HostConfig": {"Memory": "${MEMORY}"}, "Cmd": ["echo ${HOME}"]},
        },
        "env": {"SHELL": {"value": "$${VAR:-x}"}},
    }
    credentials = {"contoso": {"address": "${ACR_NAME}.azurecr.io", "password": "${ACR_PASSWORD}"}}
    assert agent_read["runtime"]["settings"]["registryCredentials"] == credentials
    hub = device.modules["$edgeHub"]
    assert hub["routes"] == {"up": "FROM /messages/* INTO $upstream"}
    assert hub["storeAndForwardConfiguration"] == {"timeToLiveSecs": "${TTL}"}
    known = found.placeholders
    assert known["MODULES_camera_amd64"].original == "${MODULES.camera.amd64}"
    assert (known["MEMORY"].value, known["MEMORY"].quoted) == ("1024", False)
    assert (known["TTL"].value, known["TTL"].quoted) == (None, False)
    assert (known["ACR_NAME"].value, known["ACR_NAME"].quoted) == ("contoso", True)
    assert (known["ACR_PASSWORD"].value, known["ACR_PASSWORD"].secret) == (None, True)
    (use,) = known["TTL"].uses
    assert str(use.place) == "gateway.json:24:42"
    assert use.pointer.endswith("/storeAndForwardConfiguration/timeToLiveSecs")
    assert not found.problems


def test_a_key_that_is_a_placeholder_without_value_is_told(read):
    (note,) = read(TEMPLATE).notes
    assert str(note.place) == "gateway.json:7:11"
    assert note.text == (
        "the key `$ACR_NAME` is a placeholder without a value; it is read as `ACR_NAME`"
    )


def test_a_placeholder_that_chunks_cut_in_two_is_one(read):
    settings = {"image": "x", "createOptions": '{"Env":["A=${SI', "createOptions01": 'TE}"]}'}
    found = read(
        {"modulesContent": {"$edgeAgent": {"properties.desired": agent(m={"settings": settings})}}}
    )
    module = found.devices[0].modules["$edgeAgent"]["modules"]["m"]
    assert module["settings"]["createOptions"] == {"Env": ["A=${SITE}"]}
    assert list(found.placeholders) == ["SITE"]


@pytest.mark.parametrize("key", ["properties.desired", "properties.desired.modules.m"])
def test_a_placeholder_in_create_options_may_stand_for_a_number(read, key):
    module = {"settings": {"createOptions": '{"HostConfig":{"Memory":${MEMORY}}}'}}
    part = agent(m=module) if key == "properties.desired" else module
    found = read({"modulesContent": {"$edgeAgent": {key: part}}})
    memory = found.placeholders["MEMORY"]
    assert not memory.quoted
    assert memory.uses[0].pointer.endswith("m/settings/createOptions/HostConfig/Memory")
    assert str(memory.uses[0].place) != "gateway.json:1:1"


def test_create_options_that_iot_edge_refuses_are_kept_as_text(read):
    settings = {"image": "x", "createOptions": '{"Env": ["${A}"'}
    found = read(
        {"modulesContent": {"$edgeAgent": {"properties.desired": agent(m={"settings": settings})}}}
    )
    module = found.devices[0].modules["$edgeAgent"]["modules"]["m"]
    assert module["settings"] == {"image": "x", "createOptionsText": '{"Env": ["${A}"'}
    (note,) = found.notes
    assert note.pointer.endswith("/modules/m/settings/createOptions")
    assert note.text == (
        "createOptions of `m` cannot be read: its text is not JSON: the end of the file where "
        "`,` or `]` should be (line 1, column 16 of the text); IoT Edge refuses the deployment, "
        "and the text is kept as createOptionsText"
    )


def test_a_manifest_that_only_adds_is_a_layer(read):
    found = read(
        {
            "content": {
                "modulesContent": {
                    "$edgeAgent": {"properties.desired.modules.camera": CAMERA},
                    "$edgeHub": {"properties.desired.routes.up": "FROM /* INTO $upstream"},
                    "camera": {"properties.desired.limits.fps": 5, "properties.desired.on": True},
                    "whole": {"properties.desired": {"a": 1}},
                }
            }
        },
        "vision.json",
    )
    (layer,) = found.layers
    assert (layer.id, layer.kind, layer.whole) == ("vision", LayerKind.LAYERED, {"whole"})
    assert layer.content == {
        "$edgeAgent": {"modules": {"camera": CAMERA_READ}},
        "$edgeHub": {"routes": {"up": "FROM /* INTO $upstream"}},
        "camera": {"limits": {"fps": 5}, "on": True},
        "whole": {"a": 1},
    }
    assert not found.devices
    assert not found.problems


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"modulesContent": {"m": {}}}, "1:2 has no `$edgeAgent` with desired properties"),
        ({"modulesContent": {"$edgeAgent": {"properties.desired": 5}}}, "1:36 is not an object: 5"),
        ({"modulesContent": {"m": "text"}}, "1:21 is not an object: text"),
        ({"modulesContent": 5}, "1:1 is not a description of a device or deployment that is known"),
        (5, "1:1 is not a description of a device or deployment that is known"),
    ],
)
def test_wrong_shapes(read, value, message):
    problem = read(value).problems[-1]
    assert f"{problem.place.line}:{problem.place.column} {problem.message}" == message


def test_keys_that_become_one_are_a_problem(read):
    content = {"$edgeAgent": {"properties.desired": agent(A={}, **{"$A": {}})}, "A": {}, "${A}": {}}
    problems = read({"modulesContent": content}).problems
    assert [problem.message for problem in problems] == [
        "the key `$A` becomes `A`, which stands here already",
        "the key `${A}` becomes `A`, which stands here already",
    ]


def test_module_names_that_differ_in_case_only_are_told(read):
    content = {"$edgeAgent": {"properties.desired": agent()}, "camera": {}, "Camera": {}}
    (note,) = read({"modulesContent": content}).notes
    assert note.text == "`Camera` and `camera` differ in case only"
