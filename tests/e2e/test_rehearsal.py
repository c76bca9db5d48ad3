"""A hub is cloned into the local one, and a sync of it is rehearsed there: same plan, no secrets."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
from azure.iot.hub import IoTHubConfigurationManager, IoTHubRegistryManager
from azure.iot.hub.models import Configuration, ConfigurationContent, Twin, TwinProperties

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
    fleet.edit("fleet/fleet.yaml", "status: disabled", "status: enabled")
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
    assert plan == plan_of(fleet, "--prune")
    assert {change["action"] for change in plan["changes"]} >= {
        "create-device", "update-identity", "patch-device", "deploy", "delete-device",
    }  # fmt: skip

    rehearsed = fleet.edgeops("sync", "--hub", "production", "--rehearse", "--prune")
    assert rehearsed.code == 0, rehearsed
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
