"""Devices in git that others have yet to register: waited for, and no reason to fail."""

from __future__ import annotations

import json

import pytest

FLEET = """\
apiVersion: edgeops/v1
kind: Fleet
metadata: {name: sites}
spec:
  hubs: {production: {hostname: "localhost:%d", sku: S3, connectionStringEnv: IOTHUB}}
---
apiVersion: edgeops/v1
kind: Module
metadata: {name: meter}
spec: {desired: {unit: W}}
---
apiVersion: edgeops/v1
kind: DeviceSet
metadata: {name: all}
spec:
  template: {spec: {desired: {rate: 1}, modules: {meter: {}}}}
  devices: [{name: here-1}, {name: later-1}]
"""
HUB = ("--hub", "production")


@pytest.fixture
def sites(empty_repo, registry, local_hub, monkeypatch):
    """A fleet of two, of which `here-1` is registered on a hub where others create devices."""
    monkeypatch.setenv("IOTHUB", local_hub.connection_string)
    monkeypatch.setenv("SSL_CERT_FILE", str(local_hub.ca_file))
    empty_repo.write("fleet/fleet.yaml", FLEET % local_hub.port)
    empty_repo.commit()
    registry.create_device_with_sas("here-1", "", "", "enabled")
    return empty_repo


def test_a_sync_with_devices_to_come_succeeds_and_the_first_after_they_came_writes_them(
    sites, registry
):
    for command in (("sync",), ("sync",), ("sync", "--drift-only"), ("sync", "--prune")):
        done = sites.edgeops(*HUB, *command)
        assert (done.code, "waiting: later-1 is not on the hub yet" in done.out) == (0, True), done
    assert "1 device is in sync" in done.out
    assert ", 1 waiting" in done.out
    dry = sites.edgeops(*HUB, "sync", "--dry-run", "--detailed-exitcode", "-o", "json")
    assert (dry.code, json.loads(dry.out)["waiting"]) == (0, ["later-1"])

    registry.create_device_with_sas("later-1", "", "", "enabled")
    assert sites.edgeops(*HUB, "sync").code == 0
    assert registry.get_twin("later-1").properties.desired["rate"] == 1
    assert registry.get_module_twin("later-1", "meter").properties.desired["unit"] == "W"
    assert sites.in_sync(*HUB)


def test_a_saved_plan_is_stale_once_a_device_it_waited_for_appeared(sites, registry):
    sites.edgeops(*HUB, "sync", "--dry-run", "--out", str(sites.root / "plan.json"))
    registry.create_device_with_sas("later-1", "", "", "enabled")
    done = sites.edgeops(*HUB, "sync", "--plan", str(sites.root / "plan.json"))
    assert (done.code, "stale" in done.err) == (5, True)


def test_status_tells_who_is_waited_for_and_does_not_wait_for_them(sites):
    sites.edgeops(*HUB, "sync")
    rows = json.loads(sites.edgeops(*HUB, "status", "-o", "json").out)["devices"]
    assert [(row["device"], row["health"], row["reason"]) for row in rows if not row["inSync"]] == [
        ("later-1", "Waiting", "not on the hub yet")
    ]
    waited = sites.edgeops(*HUB, "status", "--wait", "--timeout", "0")
    assert "1 of 2 devices have not converged" in waited.err
    assert "here-1" in waited.err


def test_create_creates_them(sites, registry):
    assert sites.edgeops(*HUB, "sync", "--create").code == 0
    assert registry.get_twin("later-1").properties.desired["rate"] == 1
