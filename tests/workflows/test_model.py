"""model.yml, run for real: two trainings apart, a release, a pull request with all of it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import yaml

from edgeops.cli.main import run as edgeops
from edgeops.digest import digest_file, digest_of
from edgeops.publishing.release_file import release_document
from edgeops.release import ModelRelease

SMALL = Path(__file__).parents[1] / "training/repository"
BRANCH = "edgeops/release/small"
FIRST = b"a model of last year"
FLEET = """\
apiVersion: edgeops/v1
kind: Fleet
metadata: {name: tiny}
spec:
  hubs: {local: {}}
  defaults: {modules: {model_loader: {}}}
---
apiVersion: edgeops/v1
kind: Module
metadata: {name: model_loader}
spec: {image: "loader:1"}
---
apiVersion: edgeops/v1
kind: Group
metadata: {name: canary, priority: 1}
spec:
  selector: {}
  rollout: {ring: 1, soak: 24h}
  models: {crowdedness: small@1.0.0}  # a slot
---
apiVersion: edgeops/v1
kind: Device
metadata: {name: gateway}
spec: {}
"""


@pytest.fixture
def trained(world):
    """The model `small`, quick and with two seeds; the first ring has a release of it."""
    shutil.copytree(SMALL / "data", world.root / "data")
    shutil.copytree(SMALL / "models", world.root / "models")
    model = "models/small/model.yaml"
    world.edit(model, "epochs: 3", "epochs: 1")
    world.edit(model, "  split:", "  seeds: [1, 2]\n  baselines: [seasonal-naive-168h]\n  split:")
    world.edit(model, "wape_vs_seasonal_naive: {max: 0.95}", "wape: {max: 9}")
    world.write("models/small/releases/1.0.0.yaml", release_document(first(), {"wape": 1}, [], {}))
    shutil.rmtree(world.root / "fleet")
    world.write("fleet/fleet.yaml", FLEET)
    world.push("a model")
    return world


def first() -> ModelRelease:
    digest = digest_of([FIRST])
    file = "small-1.0.0.onnx"
    return ModelRelease.of_file(
        "small", "1.0.0", file, digest.size, digest.sha256, digest.md5, "onnx",
        path=f"small/1.0.0/{file}",
    )  # fmt: skip


def test_a_changed_model_becomes_a_release_and_a_pull_request(trained):
    world = trained
    # A branch has the newest data, three weeks more than the model knew; main has none.
    world.git("push", "--quiet", "origin", "HEAD:refs/heads/newest")
    shutil.rmtree(world.root / "data")
    dates = ("2023-12-31", "2023-12-10"), ("2024-02-04", "2024-01-14"), ("2024-03-30", "2024-03-09")
    for new, old in dates:
        world.edit("models/small/model.yaml", new, old)
    world.push("data is on a branch of its own")
    before = world.git("rev-parse", "main")
    inputs = {"models": "small", "version": "", "data-branch": "newest"}
    run = world.run("model.yml", "workflow_dispatch", inputs=inputs)
    assert run.code == 0, run.log
    assert set(run.jobs) == {"live", "choose", "train", "release"}
    # Every job had the commit that the branch was at when the run began.
    newest = world.git("rev-parse", "origin/newest")
    data = [call["ref"] for call in run.inputs("actions/checkout") if call["path"]]
    assert data == ["newest", newest, newest, newest]
    uploads = [call["name"] for call in run.inputs("actions/upload-artifact")]

    # The branch holds one commit: the release, its artifact and card, and the line of the ring.
    world.git("fetch", "--quiet", "origin", f"{BRANCH}:{BRANCH}")
    made = f"proposal-{world.git('rev-parse', BRANCH)}"  # so who is behind the commit is known
    assert sorted(uploads) == [made, "train@small@1", "train@small@2"]
    assert world.git("rev-parse", f"{BRANCH}^") == before
    author, _, *files = world.git("show", "--format=%s|%an", "--name-only", BRANCH).split("\n")
    assert author == "Release small@1.1.0 to canary|github-actions[bot]"
    plots = [file for file in files if file.endswith(".png")]
    assert [file for file in files if file not in plots] == [
        "fleet/fleet.yaml",
        "models/small/releases/1.1.0.html",
        "models/small/releases/1.1.0.yaml",
        "models/small/releases/small-1.1.0.onnx",
    ]
    changed = world.git("diff", "-U0", "main", BRANCH, "--", "fleet").splitlines()[-2:]
    assert changed == [
        "-  models: {crowdedness: small@1.0.0}  # a slot",
        "+  models: {crowdedness: small@1.1.0}  # a slot",
    ]
    world.git("checkout", "--quiet", BRANCH)
    folder = world.root / "models/small/releases"
    spec = yaml.safe_load((folder / "1.1.0.yaml").read_text())["spec"]
    assert spec["sha256"] == digest_file(folder / "small-1.1.0.onnx").sha256
    assert spec["provenance"]["commit"] == before
    assert spec["provenance"]["split"]["testUntil"] == "2024-03-30"
    assert spec["provenance"]["workflowRun"].endswith("/contoso/fleet/actions/runs/4711")

    # What was published is attested.
    (attested,) = run.inputs("actions/attest-build-provenance")
    assert attested["subject-name"] == "small@1.1.0"
    assert attested["subject-digest"] == f"sha256:{spec['sha256']}"
    assert not run.inputs("azure/login")  # no variable says who

    # The pull request shows how good it is, with its plots.
    (pull,) = world.github.pulls.values()
    assert (pull["title"], pull["head"]["ref"]) == ("Release small@1.1.0 to canary", BRANCH)
    assert pull["base"]["ref"] == "main"
    assert "### Model `small`" in pull["body"]
    assert "| `canary` | `crowdedness` | `small@1.0.0` | `small@1.1.0` |" in pull["body"]
    folder = f"https://github.com/contoso/fleet/raw/{world.git('rev-parse', BRANCH)}"
    assert re.findall(r"!\[.*\]\((.*)\)", pull["body"]) == [f"{folder}/{file}" for file in plots]
    assert len(plots) > 2
    assert "### Model `small`" in run.summary("release")

    # Nothing starts for what a workflow pushes, so it starts the check itself.
    assert world.github.dispatches == [{"workflow": "fleet-pr.yml", "ref": BRANCH}]


def test_only_what_changed_is_trained(trained):
    """A push that changes no model: the job that chooses says so, and nothing else runs."""
    trained.write("models/small/releases/notes.txt", "no reason to train")
    trained.push()
    run = trained.run("model.yml", "push")
    assert (run.code, run.jobs) == (0, {"live": "success", "choose": "success"}), run.log
    assert not trained.github.requests
    assert not run.inputs("azure/login")


@pytest.fixture
def on_devices(trained, local_hub, monkeypatch):
    """A device with the release of the model on the hub `production`; gives what lets it report."""
    host = f"localhost:{local_hub.port}"
    hub = (
        f'production: {{hostname: "{host}", sku: S3, createDevices: true,'
        " connectionStringEnv: IOTHUB_CONNECTION_STRING,"
        f' artifacts: {{url: "https://{host}/artifacts"}}}}'
    )
    trained.edit("fleet/fleet.yaml", "local: {}", hub)
    trained.edit("models/small/model.yaml", "  notes:", "  retraining: {decay: 1.2}\n  notes:")
    release = release_document(first(), {"wape": 0.07}, [], {})
    trained.write("models/small/releases/1.0.0.yaml", release)
    trained.push("a device")
    trained.variables |= {
        "EDGEOPS_HUB": "production",
        "AZURE_READER_CLIENT_ID": "reader",
        "EDGEOPS_DATA_BRANCH": "no-such-branch",
    }
    for name in ("IOTHUB_CONNECTION_STRING", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, trained.environment[name])
    assert edgeops(["sync", "--repo", str(trained.root), "--hub", "production"]) == 0

    def report(wape):
        score = {"hours": 672, "wape": wape, "naiveWape": 0.11}
        days = {"until": "2026-11-29", "error": [1000 * wape] * 28, "value": [1000] * 28}
        model = {"sha256": first().sha256, "last28": score, "days": days}
        local_hub.report("gateway", "model_loader", quality={"models": [model]})

    return report


def test_every_night_only_models_that_have_decayed_on_devices_are_trained(trained, on_devices):
    on_devices(0.08)
    run = trained.run("model.yml", "schedule")
    assert (run.code, run.jobs) == (0, {"live": "success"}), run.log
    assert [login["client-id"] for login in run.inputs("azure/login")] == ["reader"]

    # Then it is worse by far; the branch with newer data is missing, so no machine trains it.
    on_devices(0.1)
    run = trained.run("model.yml", "schedule")
    assert run.jobs == {"live": "success", "choose": "failure"}, run.log
    assert [call["ref"] for call in run.inputs("actions/checkout") if call["path"]] == [
        "no-such-branch"
    ]
    assert not trained.github.requests
