"""The main job: git to twins, on the local hub, with a foreign tool that interferes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from azure.iot.hub.models import (
    ConfigurationContent,
    QuerySpecification,
    Twin,
    TwinProperties,
)

from tests.support.waiting import wait_until

HISTORY = "edgeops.auckland-cbd"
ALL = QuerySpecification(query=f"SELECT * FROM devices WHERE deviceId != '{HISTORY}'")
QUEEN = "fleet/devices/queen-street-210.yaml"
RELEASE = """\
apiVersion: edgeops/v1
kind: ModelRelease
metadata: {name: m, version: 1.0.0}
spec:
  path: m/1.0.0/m.onnx
  fileName: m.onnx
  size: 3
  sha256: "DIGEST"
  md5: "MD5"
  format: onnx
"""


@pytest.fixture
def synced(example_repo, with_hub):
    """The example fleet on a hub that is in sync with it."""
    with_hub(example_repo)
    assert example_repo.edgeops("sync").code == 0
    return example_repo


def plan_of(repo) -> dict:
    return json.loads(repo.edgeops("sync", "--dry-run", "-o", "json").out)


def test_first_sync_creates_all_and_the_second_writes_nothing(example_repo, with_hub, registry):
    with_hub(example_repo)
    preview = example_repo.edgeops("sync", "--dry-run", "--detailed-exitcode")
    assert (preview.code, "22 devices to create" in preview.out) == (2, True), preview.err
    assert registry.get_devices() == []  # a dry run wrote nothing

    assert example_repo.edgeops("sync").code == 0
    etags = {twin.device_id: twin.etag for twin in registry.query_iot_hub(ALL).items}
    assert len(etags) == 22

    again = example_repo.edgeops("sync", "--dry-run", "--detailed-exitcode")
    assert (again.code, again.out.startswith("No changes. 22 devices are in sync")) == (0, True)
    assert example_repo.edgeops("sync").code == 0
    assert {twin.device_id: twin.etag for twin in registry.query_iot_hub(ALL).items} == etags


def test_what_the_service_takes_passes_validate_and_sync(hub_repo, registry):
    nodes = [{"name": f"n{n}", "id": f"ns=2;s=Line.Machine.Tag{n:04}"} for n in range(150)]
    spec = {
        "image": "registry.example/m:1",
        "env": {"Logging:Level": "debug"},
        "createOptions": {"HostConfig": {"Devices": [None]}},
        "routes": {"to/cloud": "FROM /messages/* INTO $upstream"},
        "desired": {"nodes": nodes},
    }
    parts = (("Module", "m", spec), ("Device", "e", {"edge": True, "modules": {"m": {}}}))
    for kind, name, value in parts:
        manifest = {"apiVersion": "edgeops/v1", "kind": kind, "metadata": {"name": name}}
        hub_repo.write(f"fleet/{name}.yaml", json.dumps(manifest | {"spec": value}))
    hub_repo.commit()
    assert hub_repo.edgeops("validate").out == "tiny: 3 devices, no problems\n"
    assert hub_repo.edgeops("sync").code == 0
    assert registry.get_module_twin("e", "m").properties.desired["nodes"] == nodes
    agent = registry.get_module_twin("e", "$edgeAgent").properties.desired["modules"]["m"]
    assert agent["env"]["Logging:Level"] == {"value": "debug"}
    assert agent["settings"]["createOptions"] == '{"HostConfig":{"Devices":[null]}}'
    assert hub_repo.in_sync()


def test_one_edited_line_is_one_patch_of_one_line(synced, registry):
    before = registry.get_twin("queen-street-210").properties.desired["$version"]
    text = (synced.root / QUEEN).read_text()
    synced.write(QUEEN, text + "  desired: {reportingIntervalSeconds: 30}\n")
    synced.commit()

    changes = plan_of(synced)["changes"]
    assert [(c["device"], c["patch"]) for c in changes] == [
        ("queen-street-210", {"desired": {"reportingIntervalSeconds": 30}})
    ]
    assert synced.edgeops("sync").code == 0
    desired = registry.get_twin("queen-street-210").properties.desired
    assert (desired["reportingIntervalSeconds"], desired["$version"]) == (30, before + 1)


def test_drift_is_put_back_and_what_is_foreign_stays(synced, registry):
    patch(registry, tags={"site": "elsewhere", "owner": "someone"})
    twin = registry.get_module_twin("queen-street-210", "model_loader")
    registry.update_module_twin(
        "queen-street-210",
        "model_loader",
        Twin(properties=TwinProperties(desired={"keepVersions": 9, "theirs": 1})),
        twin.etag,
    )
    agent = desired_of(registry, "$edgeAgent")
    image = agent["modules"]["forecaster"]["settings"]["image"]
    agent["modules"]["forecaster"]["settings"]["image"] = "example.com/other:1"
    agent["modules"]["theirs"] = {
        "type": "docker",
        "status": "running",
        "restartPolicy": "always",
        "settings": {"image": "example.com/theirs:1"},
    }
    hub = desired_of(registry, "$edgeHub")
    hub["routes"]["theirs"] = "FROM /* INTO $upstream"
    deploy(synced, {"$edgeAgent": agent, "$edgeHub": hub})

    plan = plan_of(synced)
    assert {c["reason"] for c in plan["changes"]} == {"drift"}
    assert [c["patch"] for c in plan["changes"]] == [
        {"tags": {"site": "auckland-cbd"}},
        {"$edgeAgent": {"modules": {"forecaster": {"settings": {"image": image}}}}},
        {"desired": {"keepVersions": 2}},
    ]
    assert synced.edgeops("sync").code == 0

    twin = registry.get_twin("queen-street-210")
    assert (twin.tags["site"], twin.tags["owner"]) == ("auckland-cbd", "someone")
    loader = registry.get_module_twin("queen-street-210", "model_loader").properties.desired
    assert (loader["keepVersions"], loader["theirs"]) == (2, 1)
    agent = desired_of(registry, "$edgeAgent")
    assert agent["modules"]["forecaster"]["settings"]["image"] == image
    assert agent["modules"]["theirs"]["settings"]["image"] == "example.com/theirs:1"
    assert "theirs" in desired_of(registry, "$edgeHub")["routes"]
    assert plan_of(synced)["changes"] == []


def test_what_git_no_longer_has_disappears_from_the_twin(synced, registry):
    patch(registry, tags={"location": {"floor": 3}})
    text = (synced.root / QUEEN).read_text()
    kept = [line for line in text.splitlines() if "location" not in line and "lat:" not in line]
    synced.write(QUEEN, "\n".join(kept) + "\n")
    synced.commit()
    assert synced.edgeops("sync").code == 0
    assert registry.get_twin("queen-street-210").tags["location"] == {"floor": 3}


def test_a_module_that_leaves_git_leaves_the_device_and_foreign_ones_stay(synced, registry):
    synced.edit(QUEEN, "forecaster: {desired: {series: 210 Queen Street}}", "forecaster: null")
    synced.commit()
    assert synced.edgeops("sync").code == 0
    modules = desired_of(registry, "$edgeAgent")["modules"]
    assert set(modules) == {"model_loader"}
    assert "forecasts" not in desired_of(registry, "$edgeHub").get("routes", {})


def test_prune_deletes_what_git_dropped_within_the_budget(synced, registry):
    (synced.root / QUEEN).unlink()
    synced.commit()
    assert plan_of(synced)["changes"] == []
    assert synced.edgeops("sync", "--prune").code == 0
    assert "queen-street-210" not in {d.device_id for d in registry.get_devices()}

    for file in (synced.root / "fleet/devices").glob("queen-*.yaml"):
        file.unlink()
    synced.edit("fleet/groups/canary.yaml", "60", "45")
    synced.commit()
    for words in (("--dry-run",), ()):
        refused = synced.edgeops("sync", "--prune", *words)
        assert (refused.code, "maxDeletes" in refused.err) == (5, True)
        assert "queen-street-205" in refused.out  # what it would delete
        assert "60 -> 45" in refused.out  # and what else it would write
    assert len({d.device_id for d in registry.get_devices()} - {HISTORY}) == 21
    assert not synced.in_sync()


def test_a_protected_device_survives_the_removal_of_its_file(synced, registry):
    (synced.root / "fleet/devices/cbd-gateway.yaml").unlink()
    synced.commit()
    result = synced.edgeops("sync", "--prune")
    assert (result.code, "is protected" in result.out) == (5, True)
    assert registry.get_device("cbd-gateway").device_id == "cbd-gateway"


def test_a_saved_plan_is_executed_exactly_or_refused(synced, registry, tmp_path):
    synced.edit("fleet/groups/canary.yaml", "60", "45")
    synced.commit()
    saved = str(tmp_path / "plan.json")
    assert synced.edgeops("sync", "--dry-run", "--out", saved).code == 0

    patch(registry, tags={"site": "elsewhere"})
    stale = synced.edgeops("sync", "--plan", saved)
    assert (stale.code, "stale" in stale.err) == (5, True)

    patch(registry, tags={"site": "auckland-cbd", "unrelated": True})
    synced.edit("fleet/groups/canary.yaml", "45", "15")
    synced.commit()  # a newer commit does not change what was approved
    assert synced.edgeops("sync", "--plan", saved).code == 0
    assert (
        registry.get_twin("queen-street-210").properties.desired["reportingIntervalSeconds"] == 45
    )


def test_an_automatic_deployment_keeps_its_modules(synced, registry, local_hub):
    from azure.iot.hub import IoTHubConfigurationManager
    from azure.iot.hub.models import Configuration

    manager = IoTHubConfigurationManager.from_connection_string(local_hub.connection_string)
    manager.protocol.config.connection.verify = str(local_hub.ca_file)
    content = ConfigurationContent(
        modules_content={"$edgeAgent": {"properties.desired.modules.model_loader": {}}}
    )
    manager.create_configuration(
        Configuration(
            id="base", content=content, target_condition="deviceId='queen-street-210'", priority=1
        )
    )
    wait_until(
        lambda: (
            "configurations"
            in registry.get_module_twin("queen-street-210", "$edgeAgent").additional_properties
        )
    )
    plan = plan_of(synced)
    assert [(r["device"], "base" in r["reason"]) for r in plan["refusals"]] == [
        ("queen-street-210", True)
    ]
    assert synced.edgeops("sync").code == 5


def test_offline_preview_needs_no_hub(example_repo):
    base = example_repo.git("rev-parse", "HEAD")
    example_repo.edit("fleet/groups/canary.yaml", "60", "45")
    example_repo.commit()
    result = example_repo.edgeops(
        "sync", "--dry-run", "--offline", "--changed-since", base, "-o", "markdown"
    )
    assert result.code == 0
    assert "reportingIntervalSeconds" in result.out
    assert not (example_repo.root / ".edgeops/hub.sqlite").exists()


def test_where_there_is_no_plan_or_it_is_refused_markdown_says_why(tiny_repo, tmp_path):
    base, summary = tiny_repo.git("rev-parse", "HEAD"), tmp_path / "summary.md"
    preview = ("sync", "--dry-run", "--offline", "--prune", "--changed-since", base)
    command = (*preview, "-o", "markdown", "--summary", str(summary))
    tiny_repo.edit("fleet/fleet.yaml", "labels:", "label:")
    tiny_repo.commit()
    invalid = tiny_repo.edgeops(*command)
    assert (invalid.code, "- `fleet/fleet.yaml:9:" in invalid.out) == (3, True)
    assert summary.read_text() == invalid.out

    tiny_repo.write(
        "fleet/fleet.yaml", (tiny_repo.root / "fleet/fleet.yaml").read_text().partition("---")[0]
    )
    tiny_repo.commit()
    refused = tiny_repo.edgeops(*command)
    assert (refused.code, "**Refused as a whole**: `git has no device" in refused.out) == (5, True)
    assert summary.read_text() == invalid.out + refused.out


def test_status_follows_what_devices_report(synced, local_hub):
    rows = json.loads(synced.edgeops("status", "-o", "json").out)
    assert rows["summary"]["health"]["Unknown"] == 22

    for device in ("k-road-150", "queen-street-210"):  # the second one is to have a model
        local_hub.report(
            device,
            "$edgeAgent",
            lastDesiredVersion=2,
            lastDesiredStatus={"code": 200, "description": ""},
        )
        local_hub.set_connected(device)
    rows = json.loads(synced.edgeops("status", "-o", "json").out)["devices"]
    states = {row["device"]: (row["inSync"], row["connected"], row["health"]) for row in rows}
    assert states["k-road-150"] == (True, True, "Converged")
    assert states["queen-street-210"] == (True, True, "Progressing")

    late = synced.edgeops("status", "--wait", "--timeout", "0")
    assert (late.code, "have not converged" in late.err) == (1, True)


def test_sync_waits_for_devices_that_it_had_nothing_to_write_to(synced):
    late = synced.edgeops("sync", "--wait", "--timeout", "0")
    assert (late.code, "22 of 22 devices have not converged" in late.err) == (1, True)


def test_artifacts_are_where_the_running_hub_listens(example_repo, with_hub, monkeypatch):
    monkeypatch.setenv("EDGEOPS_HTTPS_PORT", "1")  # what it would be if no hub ran
    release = RELEASE.replace("DIGEST", "0" * 64).replace("MD5", "0" * 32)
    example_repo.write("models/m/releases/1.0.0.yaml", release)
    text = (example_repo.root / QUEEN).read_text()
    example_repo.write(QUEEN, text + "  models: {crowdedness: m@1.0.0}\n")
    example_repo.commit()
    hub = with_hub(example_repo)
    module = next(
        change
        for change in plan_of(example_repo)["changes"]
        if (change["device"], change["module"]) == ("queen-street-210", "model_loader")
        and change["patch"]
    )
    url = module["patch"]["desired"]["models"]["crowdedness"]["url"]
    assert url == f"https://localhost:{hub.port}/artifacts/m/1.0.0/m.onnx"


def test_the_hub_is_started_for_a_command_when_none_runs(tiny_repo, monkeypatch, unused_port):
    monkeypatch.setenv("EDGEOPS_HTTPS_PORT", str(unused_port))
    assert tiny_repo.edgeops("sync").code == 0
    again = tiny_repo.edgeops("sync", "--dry-run", "--detailed-exitcode")
    assert (again.code, "2 devices are in sync" in again.out) == (0, True)
    assert not (tiny_repo.root / ".edgeops/hub.json").exists()  # and stopped after it


def test_the_demo(unused_port):
    here = Path(__file__).parent
    done = subprocess.run(
        ["bash", str(here / "demo.sh")],
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "EDGEOPS_HTTPS_PORT": str(unused_port),
            "EDGEOPS_MQTT_PORT": "8883",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
        },
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "22 devices to create" in done.stdout
    assert "No changes. 22 devices are in sync" in done.stdout
    assert "60 -> 30" in done.stdout
    busy = "something else has port 8883" in done.stdout
    assert busy or "2 devices: 2 in sync, 2 connected; 2 Converged" in done.stdout


def patch(registry, tags: dict) -> None:
    twin = registry.get_twin("queen-street-210")
    registry.update_twin("queen-street-210", Twin(tags=tags), twin.etag)


def desired_of(registry, module: str) -> dict:
    desired = registry.get_module_twin("queen-street-210", module).properties.desired
    return {key: value for key, value in desired.items() if not key.startswith("$")}


def deploy(repo, content: dict) -> None:
    from azure.iot.hub import IoTHubConfigurationManager

    from edgeops.localhub import access

    state = repo.root / ".edgeops"
    manager = IoTHubConfigurationManager.from_connection_string(access.connection_string(state))
    manager.protocol.config.connection.verify = str(state / "ca.pem")
    manager.apply_configuration_on_edge_device(
        "queen-street-210",
        ConfigurationContent(
            modules_content={name: {"properties.desired": value} for name, value in content.items()}
        ),
    )
