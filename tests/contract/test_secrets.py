"""Secrets from git to a twin: written by edgeops, read with Microsoft's unmodified SDK."""

import subprocess

import pytest
from shared_state import share_state

from edgeops.api import PlanRequest, Workspace, plan, sync
from edgeops.errors import EdgeOpsError
from edgeops.plan.document import read_saved
from edgeops.report import outcomes, planned
from edgeops.source.schemas import packaged_schema

FLEET = """\
apiVersion: edgeops/v1
kind: Fleet
metadata: {{name: tiny}}
spec: {{hubs: {{local: {{}}}}}}
---
apiVersion: edgeops/v1
kind: Module
metadata: {{name: camera}}
spec: {{image: "camera:1", env: {{RTSP_PASSWORD: {camera}}}, desired: {{wifi: {{psk: {camera}}}}}}}
---
apiVersion: edgeops/v1
kind: Device
metadata: {{name: gate}}
spec:
  edge:
    registryCredentials:
      acr: {{address: acr.example, username: pull, password: {acr}}}
  desired: {{code: {acr}}}
  modules: {{camera: {{}}}}
"""
ACR, CAMERA = "s3cret of the registry", 'c"m\\ra é'
ENVIRON = {"EDGEOPS_SECRET_ACR": ACR, "EDGEOPS_SECRET_CAMERA": CAMERA}


def secret(name, version):
    return f"{{fromEnv: EDGEOPS_SECRET_{name}, version: {version}}}"


@pytest.fixture
def repository(tmp_path, local_hub):
    root = tmp_path / "repo"
    (root / "fleet").mkdir(parents=True)

    def git(*arguments):
        subprocess.run(["git", *arguments], cwd=root, check=True)

    git("init", "--quiet", "--initial-branch", "main")
    share_state(root, local_hub.state_dir)

    def commit(version=1, text=FLEET):
        text = text.format(acr=secret("ACR", version), camera=secret("CAMERA", 1))
        (root / "fleet/fleet.yaml").write_text(text)
        git("add", "--all")
        git("commit", "--quiet", "--allow-empty", "--message", "change")
        return Workspace.find(root, environ=ENVIRON)

    return commit


def values(registry):
    """The secrets of the device as the SDK reads them: registry, code, container, module twin."""
    agent = registry.get_module_twin("gate", "$edgeAgent").properties.desired
    logins = agent["runtime"]["settings"].get("registryCredentials", {})
    return [
        logins.get("acr", {}).get("password"),
        registry.get_twin("gate").properties.desired.get("code"),
        agent["modules"]["camera"]["env"]["RTSP_PASSWORD"]["value"],
        registry.get_module_twin("gate", "camera").properties.desired["wifi"]["psk"],
    ]


def documents(made):
    return [planned.text(made, verbose=True), planned.as_json(made), planned.summary(made)]


def test_a_secret_is_written_rotated_and_removed_and_never_shown(repository, registry):
    workspace = repository()
    done = sync(workspace)
    assert values(registry) == [ACR, ACR, CAMERA, CAMERA]
    again = plan(workspace)
    assert again.plan.changes == ()
    assert [count for _, count in again.plan.not_compared] == [1, 1]

    workspace = repository(version=2)
    made = plan(workspace)
    assert {change.device for change in made.plan.changes} == {"gate"}
    shown = documents(done.planned) + documents(made) + [outcomes.as_json(done.outcomes)]
    tags = str(registry.get_twin("gate").tags)
    for value in (ACR, CAMERA, "s3cret"):
        assert value not in "".join([*shown, tags])
    assert "secret EDGEOPS_SECRET_ACR (version 2)" in shown[3]
    rotated = Workspace.find(workspace.root, environ={"EDGEOPS_SECRET_ACR": "new"})
    sync(rotated)
    assert values(registry) == ["new", "new", CAMERA, CAMERA]
    assert plan(workspace).plan.changes == ()

    without = FLEET.replace("desired: {{code: {acr}}}", "desired: {{}}")
    without = without.replace(
        "      acr: {{address: acr.example, username: pull, password: {acr}}}\n", ""
    )
    sync(repository(text=without.replace("registryCredentials:", "registryCredentials: {{}}")))
    assert values(registry) == [None, None, CAMERA, CAMERA]


def test_what_others_wrote_in_its_place_is_not_compared(repository, registry):
    from azure.iot.hub.models import Twin, TwinProperties

    workspace = repository()
    sync(workspace)
    patch = Twin(properties=TwinProperties(desired={"code": "theirs"}))
    registry.update_twin("gate", patch, "*")
    assert plan(workspace).plan.changes == ()


def test_a_missing_variable_writes_nothing_also_with_a_saved_plan(repository, registry):
    workspace = Workspace.find(repository().root, environ={"EDGEOPS_SECRET_ACR": ACR})
    saved = read_saved(planned.as_json(plan(workspace)), packaged_schema("plan"))
    for request in (PlanRequest(), saved):
        with pytest.raises(EdgeOpsError, match=r"EDGEOPS_SECRET_CAMERA \(1 device\)") as raised:
            sync(workspace, request)
        assert raised.value.exit_code == 1
    assert [device.device_id for device in registry.get_devices(10)] == []
    sync(Workspace.find(workspace.root, environ=ENVIRON), saved)
    assert values(registry) == [ACR, ACR, CAMERA, CAMERA]
