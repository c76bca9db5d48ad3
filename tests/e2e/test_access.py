"""Read access to a private store through the command line: given, renewed, never shown."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest

KEY = base64.b64encode(b"the key of the storage account").decode()
STORAGE = (
    f"DefaultEndpointsProtocol=https;AccountName=contoso;AccountKey={KEY};"
    "EndpointSuffix=core.windows.net"
)
SHA = "a" * 64

FLEET = """\
apiVersion: edgeops/v1
kind: Fleet
metadata: {{name: private}}
spec:
  hubs:
    production:
      hostname: "127.0.0.1:{port}"
      connectionStringEnv: HUB
      createDevices: true
      artifacts:
        store: azure-blob
        url: https://contoso.blob.core.windows.net/models
        connectionStringEnv: STORAGE
  defaults:
    modules: {{model_loader: {{}}}}
---
apiVersion: edgeops/v1
kind: Module
metadata: {{name: model_loader}}
spec: {{image: "loader:1"}}
---
apiVersion: edgeops/v1
kind: Device
metadata: {{name: a}}
spec: {{models: {{slot: m@1.0.0}}}}
---
apiVersion: edgeops/v1
kind: Device
metadata: {{name: b}}
spec: {{}}
"""

RELEASE = f"""\
apiVersion: edgeops/v1
kind: ModelRelease
metadata: {{name: m, version: 1.0.0}}
spec:
  path: m/1.0.0/m.onnx
  fileName: m.onnx
  size: 7
  sha256: {SHA}
  md5: {"b" * 32}
  format: onnx
"""


@pytest.fixture
def private_repo(empty_repo, local_hub, monkeypatch):
    """A fleet whose hub looks like Azure's: by host name, key and CA from the environment."""
    empty_repo.write("fleet/fleet.yaml", FLEET.format(port=local_hub.port))
    empty_repo.write("models/m/releases/1.0.0.yaml", RELEASE)
    empty_repo.commit("private models")
    monkeypatch.setenv("HUB", local_hub.connection_string.replace("localhost", "127.0.0.1"))
    monkeypatch.setenv("STORAGE", STORAGE)
    monkeypatch.setenv("SSL_CERT_FILE", str(local_hub.ca_file))
    return empty_repo


@pytest.fixture
def sync(private_repo):
    """Runs `edgeops sync`; what it printed is looked through for secrets."""
    pytest.importorskip("azure.storage.blob", reason="azure-storage-blob is not installed")

    def run(*args):
        result = private_repo.edgeops("--hub", "production", "sync", *args)
        for secret in ("sig=", KEY, '"query"'):
            assert secret not in result.out + result.err
        return result

    return run


def given(registry, device="a"):
    desired = registry.get_module_twin(device, "model_loader").properties.desired
    return desired.get("access", {}).get("azure-blob")


def write(registry, access):
    from azure.iot.hub.models import Twin, TwinProperties

    twin = Twin(properties=TwinProperties(desired={"access": {"azure-blob": access}}))
    registry.update_module_twin("a", "model_loader", twin)


def test_a_device_gets_access_with_its_model_and_nobody_sees_it(sync, registry, tmp_path):
    dry = sync("--dry-run", "--out", str(tmp_path / "plan.json"), "-o", "json")
    assert dry.code == 0
    assert "sig=" not in (tmp_path / "plan.json").read_text()

    result = sync("--verbose")
    assert (result.code, result.err) == (0, "")
    access = given(registry)
    assert access["host"] == "contoso.blob.core.windows.net"
    assert "sp=r&" in access["query"]
    assert "sig=" in access["query"]
    left = datetime.fromisoformat(access["expires"]) - datetime.now(UTC)
    assert timedelta(hours=23) < left <= timedelta(hours=24)
    assert given(registry, "b") is None  # it has no model to download


def test_access_is_no_change_and_is_renewed_near_its_end(sync, registry, local_hub):
    assert sync().code == 0
    first = given(registry)
    assert "in sync" in sync().out
    assert given(registry) == first

    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat(timespec="seconds")
    write(registry, first | {"expires": soon})
    assert sync("--dry-run", "--detailed-exitcode").code == 0  # nothing to change
    renewed = sync()
    assert "1 device given read access to artifacts" in renewed.out
    assert given(registry)["expires"] > soon

    write(registry, first | {"expires": soon})
    local_hub.report("a", "model_loader", models={"slot": {"sha256": SHA, "state": "ready"}})
    assert "given read access" not in sync().out  # it has its model
    assert given(registry)["expires"] == soon


def test_without_credentials_for_the_store_nothing_is_written(sync, registry, monkeypatch):
    monkeypatch.delenv("STORAGE")
    result = sync()
    assert result.code == 1
    assert "error: the environment variable STORAGE" in result.err
    assert registry.get_devices() == []


def test_a_manifest_cannot_set_access(private_repo):
    private_repo.edit(
        "fleet/fleet.yaml",
        'spec: {image: "loader:1"}',
        'spec: {image: "loader:1", desired: {access: {azure-blob: {host: h, query: q}}}}',
    )
    result = private_repo.edgeops("validate")
    assert result.code == 3
    assert (
        "`access` is reserved for the temporary read access that sync gives"
        in result.out + result.err
    )
    assert "fleet.yaml:20:" in result.out + result.err


def test_a_device_that_has_yet_to_download_is_looked_at_again(sync, registry, local_hub):
    assert sync().code == 0
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat(timespec="seconds")
    write(registry, given(registry) | {"expires": soon})
    assert "1 device given read access" in sync("--since-last").out  # git is the same
    assert given(registry)["expires"] > soon

    local_hub.report("a", "model_loader", models={"slot": {"sha256": SHA, "state": "ready"}})
    assert sync("--since-last").code == 0
    etag = registry.get_twin("edgeops.private").etag
    assert "Git changed no device" in sync("--since-last").out  # none had to be read
    assert registry.get_twin("edgeops.private").etag == etag


def test_a_rollback_that_cannot_give_access_moves_no_branch(
    sync, private_repo, registry, monkeypatch
):
    assert sync().code == 0
    write(registry, None)  # the device needs access again
    private_repo.edit("fleet/fleet.yaml", "kind: Fleet", "kind: Fleet  # changed")
    head = private_repo.commit("changed")
    monkeypatch.delenv("STORAGE")
    failed = private_repo.edgeops("--hub", "production", "rollback", "--to", "HEAD~1")
    assert (failed.code, "variable STORAGE" in failed.err) == (1, True)
    assert private_repo.git("rev-parse", "HEAD") == head
