"""Identities from git, with Microsoft's SDK as the other writer."""

from __future__ import annotations

import json

import pytest

A, B = "8f43288ad272f3103b6fb1428485ea3014c0bcfe", "2FD4E1C67A2D28FCED849EE1BB76E7391B93EB12"
FLEET = """\
apiVersion: edgeops/v1
kind: Fleet
metadata: {name: sites}
spec: {hubs: {local: {}}}
---
apiVersion: edgeops/v1
kind: Device
metadata: {name: gateway}
spec: {edge: true}
---
apiVersion: edgeops/v1
kind: Device
metadata: {name: a-meter}
spec: {desired: {rate: 5}}
"""


@pytest.fixture
def sites(empty_repo, with_hub):
    with_hub(empty_repo)
    empty_repo.write("fleet/fleet.yaml", FLEET)
    empty_repo.commit()
    return empty_repo


@pytest.fixture
def says(sites):
    """Lets git say this of the meter, and syncs; gives the output of the dry run before."""

    def change(spec):
        text = (sites.root / "fleet/fleet.yaml").read_text()
        sites.write("fleet/fleet.yaml", f"{text.rpartition('spec:')[0]}spec: {spec}\n")
        sites.commit()
        shown = sites.edgeops("sync", "--dry-run").out
        done = sites.edgeops("sync")
        assert done.code == 0, done
        assert sites.in_sync()
        return shown

    return change


def test_a_device_with_thumbprints_is_taken_over(sites, registry):
    registry.create_device_with_x509("a-meter", "A" * 40, "B" * 40, "disabled")
    before = registry.get_device("a-meter")
    assert sites.edgeops("sync").code == 0
    assert registry.get_twin("a-meter").properties.desired["rate"] == 5
    assert registry.get_device("a-meter") == before


def test_status_and_parent_change_and_keys_stay(sites, says, registry):
    sites.edgeops("sync")
    before = registry.get_device("a-meter")
    shown = says("{status: disabled, parent: gateway}")
    assert 'identity.status: "enabled" -> "disabled"' in shown
    after = registry.get_device("a-meter")
    assert after.authentication == before.authentication
    scope = registry.get_device("gateway").device_scope
    assert (after.status, after.device_scope, after.parent_scopes) == ("disabled", scope, [scope])

    says("{parent: null}")
    last = registry.get_device("a-meter")
    assert (last.status, last.parent_scopes or []) == ("disabled", [])
    assert last.authentication == before.authentication


def test_thumbprints_come_from_git_and_drift_is_put_back(sites, says, registry):
    said = f"{{type: selfSigned, primaryThumbprint: {A}, secondaryThumbprint: {B}}}"
    sites.edgeops("sync")
    assert "its keys are deleted" in says(f"{{authentication: {said}}}")
    registry.update_device_with_x509("a-meter", None, "C" * 40, B, "enabled")
    assert sites.edgeops("sync", "--drift-only").code == 0
    known = registry.get_device("a-meter").authentication.x509_thumbprint
    assert (known.primary_thumbprint, known.secondary_thumbprint) == (A.upper(), B)

    assert "the device cannot connect until it has one of them" in says("{authentication: sas}")
    assert registry.get_device("a-meter").authentication.symmetric_key.primary_key


def test_a_new_device_is_created_disabled_with_thumbprint_and_parent(sites, says, registry):
    said = f"{{type: selfSigned, primaryThumbprint: {A}}}"
    says(f"{{authentication: {said}, status: disabled, parent: gateway}}")
    device = registry.get_device("a-meter")
    assert (device.status, device.authentication.type) == ("disabled", "selfSigned")
    assert device.device_scope == registry.get_device("gateway").device_scope


def test_thumbprints_that_git_does_not_know_are_refused_to_guess(sites, registry):
    sites.edit("fleet/fleet.yaml", "{desired: {rate: 5}}", "{authentication: selfSigned}")
    sites.commit()
    done = sites.edgeops("sync")
    assert (done.code, "has no thumbprints in git" in done.out + done.err) == (5, True)
    plan = json.loads(sites.edgeops("sync", "--dry-run", "-o", "json").out)
    assert plan["refusals"][0]["device"] == "a-meter"
