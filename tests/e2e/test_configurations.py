"""Git beside the automatic configurations of a hub: what both would write is refused, no more."""

from __future__ import annotations

import json

import pytest
from azure.iot.hub import IoTHubConfigurationManager
from azure.iot.hub.models import Configuration, ConfigurationContent

from tests.support.waiting import wait_until

FLEET = """\
apiVersion: edgeops/v1
kind: Fleet
metadata: {name: cold}
spec: {hubs: {local: {}}}
---
apiVersion: edgeops/v1
kind: Module
metadata: {name: meter}
spec: {image: "registry.example/meter:1", desired: {unit: W}}
---
apiVersion: edgeops/v1
kind: Device
metadata: {name: store-1}
spec: {tags: {site: north}, desired: {chiller: {temperature: 4}, rate: 1}}
"""
EXTERNAL = """\
---
apiVersion: edgeops/v1
kind: Device
metadata: {name: gw-1}
spec: {edge: external, tags: {site: north}, modules: {meter: {}}}
"""


@pytest.fixture
def configurations(local_hub):
    manager = IoTHubConfigurationManager.from_connection_string(local_hub.connection_string)
    manager.protocol.config.connection.verify = str(local_hub.ca_file)

    def create(name, target, **content):
        manager.create_configuration(
            Configuration(
                id=name,
                target_condition=target,
                priority=10,
                content=ConfigurationContent(**content),
            )
        )

    return create


@pytest.fixture
def fleet(empty_repo, with_hub):
    empty_repo.write("fleet/fleet.yaml", FLEET)
    empty_repo.commit()
    with_hub(empty_repo)
    return empty_repo


def shown(registry, device, module=None):
    twin = registry.get_module_twin(device, module) if module else registry.get_twin(device)
    return twin.additional_properties.get("configurations") or {}


def planned(fleet):
    return json.loads(fleet.edgeops("sync", "--dry-run", "-o", "json").out)


def test_a_sync_settles_beside_a_device_configuration(fleet, registry, configurations):
    fleet.edgeops("sync")
    content = {"properties.desired.chiller": {"temperature": 9, "fan": True}}
    configurations("chiller-v2", "deviceId='store-1'", device_content=content)
    wait_until(lambda: "chiller-v2" in shown(registry, "store-1"))
    fleet.edit("fleet/fleet.yaml", "rate: 1", "rate: 2")
    fleet.commit()

    text = fleet.edgeops("sync", "--dry-run")
    assert "desired/chiller is written by the configuration chiller-v2 (priority 10)" in text.out, (
        text
    )
    (refusal,) = planned(fleet)["refusals"]
    assert (refusal["path"], refusal["configuration"], refusal["priority"]) == (
        "desired/chiller", "chiller-v2", 10,
    )  # fmt: skip
    assert [change["patch"] for change in planned(fleet)["changes"]] == [{"desired": {"rate": 2}}]

    assert fleet.edgeops("sync").code == 5
    wait_until(lambda: shown(registry, "store-1")["chiller-v2"]["status"] == "Applied")
    desired = registry.get_twin("store-1").properties.desired
    assert (desired["rate"], desired["chiller"]) == (2, {"temperature": 9, "fan": True})
    again = planned(fleet)
    assert (again["changes"], len(again["refusals"])) == ([], 1)
    version = desired["$version"]
    assert fleet.edgeops("sync").code == 5
    assert registry.get_twin("store-1").properties.desired["$version"] == version

    fleet.edit("fleet/fleet.yaml", "{chiller: {temperature: 4}, rate: 2}", "{rate: 2}")
    fleet.commit()
    assert fleet.edgeops("sync").code == 0
    assert registry.get_twin("store-1").properties.desired["chiller"]["temperature"] == 9
    assert fleet.in_sync()


def test_an_external_device_waits_for_its_modules_and_keeps_its_tags(
    fleet, registry, configurations
):
    fleet.write("fleet/gateway.yaml", EXTERNAL)
    fleet.commit()
    registry.create_device_with_sas("gw-1", "", "", "enabled", iot_edge=True)
    layer = {"properties.desired.modules.extra": {"type": "docker"}}
    configurations("layer", "deviceId='gw-1'", modules_content={"$edgeAgent": layer})
    wait_until(lambda: "layer" in shown(registry, "gw-1", "$edgeAgent"))
    done = fleet.edgeops("sync")
    assert (done.code, "waiting: gw-1/meter is not on the hub yet" in done.out) == (0, True), done
    assert registry.get_twin("gw-1").tags["site"] == "north"
    assert planned(fleet)["waiting"] == ["gw-1/meter"]

    modules = {"meter": {"type": "docker", "settings": {"image": "registry.example/meter:1"}}}
    agent = {
        "properties.desired": {"schemaVersion": "1.1", "systemModules": {}, "modules": modules}
    }
    base = {"$edgeAgent": agent, "$edgeHub": {"properties.desired": {"schemaVersion": "1.1"}}}
    configurations("base", "deviceId='gw-1'", modules_content=base)
    wait_until(lambda: "base" in shown(registry, "gw-1", "$edgeAgent"))
    assert fleet.edgeops("sync").code == 0
    assert registry.get_module_twin("gw-1", "meter").properties.desired["unit"] == "W"
    assert fleet.in_sync()
    assert planned(fleet)["waiting"] == []
