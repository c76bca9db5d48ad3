"""A hub is cloned, and a sync is rehearsed on the clone: the same plan, and no secrets."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from pathlib import Path

import pytest
from azure.iot.hub import IoTHubConfigurationManager, IoTHubRegistryManager
from azure.iot.hub.models import Configuration, ConfigurationContent, Twin, TwinProperties

from edgeops.api import Workspace, clone_hub
from edgeops.api.observer import Silent
from edgeops.errors import Interrupted
from edgeops.localhub import access
from tests.support.waiting import wait_until

ACR, CAMERA, FOUND = "s3cret-of-the-registry", "rtsp-Passw0rd", "Hunter2-of-somebody"
KEY = "c2VjcmV0LW9mLWEtY29ubmVjdGlvbi1zdHJpbmc="
SECRETS = (ACR, CAMERA, FOUND, KEY)
FLEET = """\
apiVersion: edgeops/v1
kind: Fleet
metadata: {{name: shops}}
spec:
  uid: 0123456789abcdef
  limits: {{maxDeletes: 3}}
  hubs:
    production:
      hostname: localhost:{port}
      sku: S3
      units: 2
      connectionStringEnv: IOTHUB
      createDevices: true
      variables: {{region: europe}}
---
apiVersion: edgeops/v1
kind: Module
metadata: {{name: camera}}
spec:
  image: "acr.example/camera:1"
  env: {{RTSP_PASSWORD: {{fromEnv: EDGEOPS_SECRET_CAMERA, version: 1}}}}
  desired: {{rate: 1}}
---
apiVersion: edgeops/v1
kind: Device
metadata: {{name: gate, notSecret: [/spec/desired/pairing/token]}}
spec:
  edge:
    registryCredentials:
      acr:
        address: acr.example
        username: pull
        password: {{fromEnv: EDGEOPS_SECRET_ACR, version: 1}}
  tags: {{region: "${{region}}"}}
  desired: {{pairing: {{token: public-to-all}}}}
  modules: {{camera: {{}}}}
---
apiVersion: edgeops/v1
kind: DeviceSet
metadata: {{name: shops}}
spec:
  template: {{spec: {{desired: {{interval: 60}}, parent: gate}}}}
  devices:
  - {{name: shop-1}}
  - {{name: shop-2}}
---
apiVersion: edgeops/v1
kind: Device
metadata: {{name: shop-3}}
spec: {{desired: {{interval: 60}}, status: disabled}}
"""


class Production:
    """A local hub that stands in for one on Azure, with Microsoft's SDK on it."""

    def __init__(self, hub):
        self.hub = hub
        self.registry = IoTHubRegistryManager.from_connection_string(hub.connection_string)
        self.configurations = IoTHubConfigurationManager.from_connection_string(
            hub.connection_string
        )
        for manager in (self.registry, self.configurations):
            manager.protocol.config.connection.verify = str(hub.ca_file)

    def everything(self):
        """All that the hub has, with etags and versions, but no counts of requests."""
        from edgeops.localhub.client import client

        send = client(self.hub.state_dir, "iothubowner", seconds=10)
        kinds = ("devices", "devices.modules")
        twins = [send("POST", "/devices/query", {"query": f"SELECT * FROM {of}"}) for of in kinds]
        return [*twins, send("GET", "/devices?top=100", None), send("GET", "/configurations", None)]


@pytest.fixture
def production(start_local_hub, monkeypatch):
    hub = start_local_hub()
    monkeypatch.setenv("IOTHUB", hub.connection_string)
    monkeypatch.setenv("SSL_CERT_FILE", str(hub.ca_file))
    monkeypatch.setenv("EDGEOPS_SECRET_ACR", ACR)
    monkeypatch.setenv("EDGEOPS_SECRET_CAMERA", CAMERA)
    return Production(hub)


@pytest.fixture
def fleet(empty_repo, production, with_hub):
    """A fleet that was synced to production, where others wrote a little, too."""
    empty_repo.write("fleet/fleet.yaml", FLEET.format(port=production.hub.port))
    empty_repo.commit()
    assert empty_repo.edgeops("sync", "--hub", "production", "--quiet").code == 0
    production.registry.create_device_with_sas("stranger", None, None, "enabled")
    production.registry.update_twin(
        "stranger",
        Twin(
            tags={"owner": "them"},
            properties=TwinProperties(
                desired={
                    "dbPassword": FOUND,
                    "upstream": f"HostName=x;SharedAccessKeyName=k;SharedAccessKey={KEY}",
                }
            ),
        ),
        "*",
    )
    production.hub.report("shop-1", wifi={"psk": FOUND, "ssid": "shop"})
    production.configurations.create_configuration(
        Configuration(
            id="chillers",
            target_condition="deviceId = 'shop-3'",
            priority=7,
            content=ConfigurationContent(
                device_content={"properties.desired.chiller": {"token": FOUND, "temperature": 4}}
            ),
        )
    )
    wait_until(lambda: "chiller" in production.registry.get_twin("shop-3").properties.desired)
    with_hub(empty_repo)
    return empty_repo


def plan_of(fleet, *options):
    shown = fleet.edgeops("plan", "--hub", "production", "-o", "json", *options)
    assert shown.code in (0, 5), shown
    made = json.loads(shown.out)
    return {**made, "createdAt": ""}


def edit_everything(fleet):
    """A commit that changes, adds and removes, and raises a secret."""
    fleet.edit("fleet/fleet.yaml", "interval: 60", "interval: 30")
    fleet.edit(
        "fleet/fleet.yaml", "EDGEOPS_SECRET_CAMERA, version: 1", "EDGEOPS_SECRET_CAMERA, version: 2"
    )
    fleet.edit("fleet/fleet.yaml", "camera:1", "camera:2")
    fleet.edit("fleet/fleet.yaml", "  - {name: shop-2}\n", "  - {name: shop-4}\n")
    chiller = "chiller: {temperature: 5}"  # which a configuration of the hub writes, too
    fleet.edit("fleet/fleet.yaml", "30}, status: disabled", f"30, {chiller}}}, status: enabled")
    fleet.commit()


def state_of(*folders: Path):
    return b"".join(
        file.read_bytes() for folder in folders for file in folder.rglob("*") if file.is_file()
    )


def test_the_plan_on_the_clone_is_the_plan_on_the_hub_and_secrets_stay_there(
    fleet, production, local_hub, registry
):
    before = production.everything()
    done = fleet.edgeops("hub", "clone", "--from", "production")
    assert done.code == 0, done
    assert "the local hub is a clone of production" in done.out
    assert "6 devices, 3 modules, 1 configuration" in done.out
    assert "secrets masked as ***" in done.out
    assert "throttled as S3 with 2 units" in done.out
    assert plan_of(fleet, "--rehearse") == plan_of(fleet)
    assert plan_of(fleet)["changes"] == []
    edit_everything(fleet)
    plan = plan_of(fleet, "--rehearse", "--prune")
    assert [refusal["configuration"] for refusal in plan["refusals"]] == ["chillers"]
    assert plan == plan_of(fleet, "--prune")
    assert {change["action"] for change in plan["changes"]} >= {
        "create-device", "update-identity", "patch-device", "deploy", "delete-device",
    }  # fmt: skip

    rehearsed = fleet.edgeops("sync", "--hub", "production", "--rehearse", "--prune")
    assert rehearsed.code == 5, rehearsed  # the path of the configuration
    assert "devices synced" in rehearsed.out
    assert "throttles of S3 with 2 units: no request was delayed" in rehearsed.err
    assert registry.get_twin("shop-1").properties.desired["interval"] == 30
    assert plan_of(fleet, "--rehearse", "--prune")["changes"] == []
    assert production.everything() == before

    state = state_of(local_hub.state_dir, fleet.root / ".edgeops")
    output = done.out + done.err + rehearsed.out + rehearsed.err + json.dumps(plan)
    for secret in SECRETS:
        assert secret.encode() not in state
        assert secret not in output
    assert registry.get_twin("stranger").properties.desired["dbPassword"] == "***"
    mine, theirs = registry.get_device("gate"), production.registry.get_device("gate")
    assert mine.device_scope == theirs.device_scope
    keys = {each.authentication.symmetric_key.primary_key for each in (mine, theirs)}
    assert len(keys) == 2


def staged(hub):
    return sorted(file.name for file in hub.state_dir.glob("clone.db*"))


class Impatient(Silent):
    """Presses Ctrl-C when a clone is nearly complete."""

    @contextmanager
    def progress(self, what, *_, **__):
        if what == "taking it over":
            raise KeyboardInterrupt
        yield lambda _done, _total: None


def test_a_clone_that_ends_early_leaves_nothing_and_the_next_one_is_complete(
    fleet, production, local_hub, registry
):
    workspace = Workspace.find(fleet.root, environ=os.environ, observer=Impatient())
    with pytest.raises(Interrupted) as interrupted:
        clone_hub(workspace, "production")
    assert interrupted.value.hint == "the local hub is as it was"
    production.hub.set_conditions(faults=["configurations=400"])
    failed = fleet.edgeops("hub", "clone", "--from", "production")
    assert failed.code == 1
    assert (registry.get_devices(), staged(local_hub)) == ([], [])

    production.hub.set_conditions()
    (local_hub.state_dir / "clone.db").write_bytes(b"what a killed clone has left")
    assert fleet.edgeops("hub", "clone", "--from", "production").code == 0
    assert (len(registry.get_devices()), staged(local_hub)) == (6, [])


def test_a_clone_replaces_what_is_there_only_when_told_to(fleet, production, registry):
    registry.create_device_with_sas("mine", None, None, "enabled")
    refused = fleet.edgeops("hub", "clone", "--from", "production")
    assert (refused.code, "the local hub has devices or configurations" in refused.err) == (5, True)
    rehearsed = fleet.edgeops("sync", "--hub", "production", "--rehearse")
    assert (rehearsed.code, "edgeops hub clone --from production" in rehearsed.err) == (5, True)
    assert len(registry.get_devices()) == 1

    assert fleet.edgeops("hub", "clone", "--from", "production", "--replace").code == 0
    again = fleet.edgeops("hub", "clone", "--from", "production")
    assert "the local hub is a clone of `production`" in again.err
    production.registry.delete_device("shop-3")
    done = fleet.edgeops("hub", "clone", "--from", "production", "--replace", "-o", "json")
    assert json.loads(done.out)["devices"] == 5
    assert "mine" not in {device.device_id for device in registry.get_devices()}


def test_the_right_to_read_twins_is_enough_and_what_is_left_out_is_said(
    fleet, production, monkeypatch
):
    service = access.connection_string(production.hub.state_dir, "service")
    monkeypatch.setenv("IOTHUB", service)
    done = fleet.edgeops("hub", "clone", "--from", "production")
    assert done.code == 0
    assert "left out: all automatic configurations and deployments" in done.out
    assert plan_of(fleet, "--rehearse")["changes"] == []


def test_the_local_hub_is_not_cloned_nor_rehearsed_on_by_itself(tiny_repo):
    for options in (("hub", "clone", "--from", "local"), ("sync", "--rehearse")):
        assert tiny_repo.edgeops(*options).code == 64
