"""One fleet whose devices belong to two hubs: each sync looks after its own."""

from __future__ import annotations

import json

import pytest
from msrest.exceptions import HttpOperationError

FLEET = """\
apiVersion: edgeops/v1
kind: Fleet
metadata: {{name: two}}
spec:
  limits: {{maxDeletes: 3}}
  hubs:
    eu:
      hostname: localhost:{0}
      connectionStringEnv: IOTHUB
      createDevices: true
      variables: {{region: europe}}
    us:
      hostname: localhost:{0}
      connectionStringEnv: IOTHUB
      createDevices: true
      variables: {{region: america}}
---
apiVersion: edgeops/v1
kind: DeviceSet
metadata: {{name: all}}
spec:
  template: {{spec: {{hubs: [eu], tags: {{region: "${{region}}"}}}}}}
  devices:
  - {{name: eu-1, labels: {{ring: canary}}}}
  - {{name: eu-2}}
  - {{name: eu-3}}
  - {{name: us-1, hubs: [us]}}
"""


@pytest.fixture
def fleet(empty_repo, local_hub, monkeypatch):
    """Both hubs are the local one, so that each sees what the other wrote."""
    monkeypatch.setenv("IOTHUB", local_hub.connection_string)
    monkeypatch.setenv("SSL_CERT_FILE", str(local_hub.ca_file))
    empty_repo.write("fleet/fleet.yaml", FLEET.format(local_hub.port))
    empty_repo.commit()
    return empty_repo


def exists(registry, device):
    try:
        registry.get_device(device)
    except HttpOperationError:
        return False
    return True


def changes(fleet, *arguments):
    done = fleet.edgeops("--hub", *arguments, "--dry-run", "-o", "json")
    assert done.code == 0, done
    return {change["device"]: change for change in json.loads(done.out)["changes"]}


def test_a_sync_writes_the_devices_of_its_hub_only(fleet, registry):
    assert fleet.edgeops("validate").out == "two: 4 devices, no problems\n"
    assert fleet.edgeops("--hub", "eu", "sync").code == 0
    assert registry.get_twin("eu-1").tags["region"] == "europe"
    assert not exists(registry, "us-1")
    assert fleet.edgeops("--hub", "us", "sync").code == 0
    assert registry.get_twin("us-1").tags["region"] == "america"
    assert fleet.in_sync("--hub", "eu")
    assert fleet.in_sync("--hub", "us")


def test_prune_deletes_what_git_binds_to_another_hub_and_nothing_else_does(fleet, registry):
    fleet.edgeops("--hub", "eu", "sync")
    fleet.edit("fleet/fleet.yaml", "{name: eu-1,", "{name: eu-1, hubs: [us],")
    fleet.commit()
    assert changes(fleet, "eu", "sync") == {}
    shown = fleet.edgeops("--hub", "eu", "sync", "--prune", "--dry-run")
    assert "- delete eu-1  git binds it to the hub us" in shown.out
    moved = changes(fleet, "eu", "sync", "--prune", "--target", "eu-1")["eu-1"]
    assert (moved["reason"], moved["movedTo"]) == ("bound to another hub", ["us"])
    assert fleet.edgeops("--hub", "eu", "sync", "--prune").code == 0
    assert not exists(registry, "eu-1")


def test_prune_with_targets_deletes_by_name_and_by_the_labels_of_the_last_sync(fleet, registry):
    fleet.edgeops("--hub", "eu", "sync")
    fleet.edit("fleet/fleet.yaml", "  - {name: eu-1, labels: {ring: canary}}\n", "")
    fleet.edit("fleet/fleet.yaml", "  - {name: eu-2}\n", "")
    fleet.commit()
    assert [*changes(fleet, "eu", "sync", "--prune", "--target", "ring=canary")] == ["eu-1"]
    assert [*changes(fleet, "eu", "sync", "--prune", "--target", "eu-2")] == ["eu-2"]
    assert fleet.edgeops("--hub", "eu", "sync", "--prune", "--target", "ring=canary").code == 0
    assert (exists(registry, "eu-1"), exists(registry, "eu-2")) == (False, True)
    again = fleet.edgeops("--hub", "eu", "sync", "--prune", "--target", "ring=canary")
    assert (again.code, "no device matches the target 'ring=canary'" in again.err) == (64, True)


def test_a_device_of_which_git_has_forgotten_the_labels_is_left(fleet, registry):
    fleet.edgeops("--hub", "eu", "sync")
    fleet.edit("fleet/fleet.yaml", "  - {name: eu-2}\n", "")
    fleet.commit()
    registry.update_twin("eu-2", {"tags": {"edgeops": {"commit": "--exec=x"}}}, "*")
    done = fleet.edgeops("--hub", "eu", "sync", "--prune", "--target", "ring=canary")
    assert (done.code, "1 device that git no longer has may have" in done.out) == (0, True), done
    assert exists(registry, "eu-2")


def test_a_device_of_another_hub_is_not_a_target(fleet):
    done = fleet.edgeops("--hub", "eu", "sync", "--target", "us-1")
    assert done.code == 64
    assert "git binds the device `us-1` to the hub us" in done.err
    assert "add `--hub us`" in done.err
