"""The deployment manifest, in the shape that `az iot edge set-modules` takes."""

import json

import pytest

from edgeops.errors import EdgeOpsError
from edgeops.fleet.edge import deployment_manifest, edge_content, render_device
from edgeops.fleet.model import DesiredModule
from edgeops.fleet.resolve import resolve

FILES = {
    "f.yaml": """
kind: Fleet
metadata: {name: f}
spec:
  defaults:
    edge:
      agentImage: mcr.microsoft.com/azureiotedge-agent:1.5.19
      routes: {up: "FROM /messages/* INTO $upstream"}
""",
    "m.yaml": """
kind: Module
metadata: {name: camera}
spec:
  image: example/camera:2
  env: {MODE: day, RATE: 5, ON: true}
  restartPolicy: on-failure
  imagePullPolicy: never
  startupOrder: 3
  storage: [{source: /srv/pictures, target: /pictures}]
  createOptions: {HostConfig: {Binds: ["/dev/video0:/dev/video0"], Privileged: true}}
  routes: {pictures: "FROM /messages/modules/camera/* INTO $upstream"}
  desired: {seconds: 5}
---
kind: Module
metadata: {name: plain}
spec: {image: example/plain:1}
""",
    "d.yaml": """
kind: Device
metadata: {name: d}
spec: {edge: true, tags: {a: 1}, modules: {camera: {}, plain: {}}}
---
kind: Device
metadata: {name: not-edge}
spec: {desired: {a: 1}}
""",
}


@pytest.fixture
def devices(snapshot_of):
    return resolve(snapshot_of(FILES)).fleet.devices


def test_the_deployment_manifest(devices):
    manifest = deployment_manifest(devices["d"])
    content = manifest["modulesContent"]
    assert list(manifest) == ["modulesContent"]
    assert list(content) == ["$edgeAgent", "$edgeHub", "camera"]
    agent = content["$edgeAgent"]["properties.desired"]
    assert agent["schemaVersion"] == "1.1"
    assert agent["runtime"] == {"type": "docker", "settings": {"minDockerVersion": "v1.25"}}
    assert agent["modules"] == {
        "camera": {
            "type": "docker",
            "status": "running",
            "restartPolicy": "on-failure",
            "imagePullPolicy": "never",
            "startupOrder": 3,
            "env": {"MODE": {"value": "day"}, "RATE": {"value": 5}, "ON": {"value": True}},
            "settings": {
                "image": "example/camera:2",
                "createOptions": '{"HostConfig":{"Binds":["/dev/video0:/dev/video0",'
                '"/srv/pictures:/pictures"],"Privileged":true}}',
            },
        },
        "plain": {
            "type": "docker",
            "status": "running",
            "restartPolicy": "always",
            "settings": {"image": "example/plain:1", "createOptions": "{}"},
        },
    }
    assert content["$edgeHub"]["properties.desired"] == {
        "schemaVersion": "1.1",
        "routes": {
            "up": "FROM /messages/* INTO $upstream",
            "pictures": "FROM /messages/modules/camera/* INTO $upstream",
        },
        "storeAndForwardConfiguration": {"timeToLiveSecs": 7200},
    }
    assert content["camera"] == {"properties.desired": {"seconds": 5}}


def test_system_modules_have_documented_images_unless_the_fleet_says_otherwise(devices):
    agent = deployment_manifest(devices["d"])["modulesContent"]["$edgeAgent"]
    system = agent["properties.desired"]["systemModules"]
    assert system["edgeAgent"] == {
        "type": "docker",
        "settings": {
            "image": "mcr.microsoft.com/azureiotedge-agent:1.5.19",
            "createOptions": "{}",
        },
    }
    hub = system["edgeHub"]
    assert (hub["type"], hub["status"], hub["restartPolicy"]) == ("docker", "running", "always")
    assert hub["settings"]["image"] == "mcr.microsoft.com/azureiotedge-hub:1.5"
    ports = json.loads(hub["settings"]["createOptions"])["HostConfig"]["PortBindings"]
    assert ports["8883/tcp"] == [{"HostPort": "8883"}]


def test_long_create_options_are_split_into_values_of_4_kb():
    options = {"Cmd": ["x" * 9000]}
    modules = {"m": DesiredModule("m", {"image": "i", "createOptions": options}, {})}
    settings = edge_content(modules, {})["$edgeAgent"]["modules"]["m"]["settings"]
    assert list(settings) == ["image", "createOptions", "createOptions01", "createOptions02"]
    chunks = [settings[key] for key in list(settings)[1:]]
    assert all(len(chunk.encode()) <= 4096 for chunk in chunks)
    assert json.loads("".join(chunks)) == options


def test_a_module_without_desired_properties_keeps_its_twin(devices):
    assert "plain" not in deployment_manifest(devices["d"])["modulesContent"]


def test_a_plain_device_has_no_deployment(devices):
    assert devices["not-edge"].edge_content == {}
    with pytest.raises(EdgeOpsError, match="not an IoT Edge device"):
        deployment_manifest(devices["not-edge"])


def test_the_resolved_device_as_a_document(devices):
    assert render_device(devices["not-edge"]) == {
        "edge": False,
        "tags": {},
        "desired": {"a": 1},
        "modules": {},
        "models": {},
    }
    assert render_device(devices["d"])["modules"]["plain"] == {
        "image": "example/plain:1",
        "desired": {},
    }
