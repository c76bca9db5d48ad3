"""promote.yml, run for real: on to the next ring from a healthy one, back from a degraded one."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta

import pytest

from edgeops.cli.main import run as edgeops
from edgeops.digest import digest_of
from edgeops.publishing.release_file import release_document
from edgeops.release import ModelRelease

BRANCH = "edgeops/promote/crowds"
FLEET = """\
apiVersion: edgeops/v1
kind: Fleet
metadata: {name: tiny}
spec:
  hubs:
    production:
      hostname: "{host}"
      sku: S3
      connectionStringEnv: IOTHUB_CONNECTION_STRING
      createDevices: true
      artifacts: {url: "https://{host}/artifacts"}
  defaults: {modules: {model_loader: {}}}
---
apiVersion: edgeops/v1
kind: Module
metadata: {name: model_loader}
spec: {image: "loader:1"}
"""
GROUPS = """\
apiVersion: edgeops/v1
kind: Group
metadata: {name: canary, priority: 30}
spec:
  selector: {matchLabels: {ring: canary}}
  rollout: {ring: 1, soak: 24h}
  models: {crowds: m@1.1.0}
---
apiVersion: edgeops/v1
kind: Group
metadata: {name: all, priority: 10}
spec:
  selector: {}
  rollout: {ring: 2}
  models: {crowds: m@1.0.0}  # proven
"""
DEVICES = "".join(
    "---\napiVersion: edgeops/v1\nkind: Device\n"
    f"metadata: {{name: {name}, labels: {{ring: {ring}}}}}\nspec: {{}}\n"
    for name, ring in (("c1", "canary"), ("c2", "canary"), ("rest", "last"))
)


def release(version: str) -> ModelRelease:
    digest = digest_of([version.encode()])
    file = f"m-{version}.onnx"
    return ModelRelease.of_file(
        "m",
        version,
        file,
        digest.size,
        digest.sha256,
        digest.md5,
        "onnx",
        path=f"m/{version}/{file}",
    )


@pytest.fixture
def rings(world, local_hub, monkeypatch):
    """Two rings, in sync on the hub; the first has a newer release."""
    shutil.rmtree(world.root / "fleet")
    world.write("fleet/fleet.yaml", FLEET.replace("{host}", f"localhost:{local_hub.port}"))
    world.write("fleet/groups.yaml", GROUPS)
    world.write("fleet/devices.yaml", DEVICES)
    for version in ("1.0.0", "1.1.0"):
        text = release_document(release(version), {"wape": 0.07}, [], {})
        world.write(f"models/m/releases/{version}.yaml", text)
    world.push("rings")
    world.variables["EDGEOPS_HUB"] = "production"
    for name in ("IOTHUB_CONNECTION_STRING", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, world.environment[name])
    assert edgeops(["sync", "--repo", str(world.root), "--hub", "production"]) == 0
    return world


@pytest.fixture
def report(rings, local_hub):
    """Lets a device of the first ring report its model, in use for so many hours."""

    def tell(device, hours, **more):
        since = (datetime.now(UTC) - timedelta(hours=hours)).isoformat(timespec="seconds")
        slot = {"state": "ready", "sha256": release("1.1.0").sha256, "since": since, **more}
        local_hub.report(device, "model_loader", models={"crowds": slot})

    return tell


def diff(world) -> list[str]:
    world.git("fetch", "--quiet", "--force", "origin", f"{BRANCH}:{BRANCH}")
    return world.git("diff", "-U0", "main", BRANCH).splitlines()[5:]


def test_the_next_ring_is_proposed_once_it_is_time(rings, report):
    report("c1", 30)
    report("c2", 3)
    waits = rings.run("promote.yml", "schedule")
    assert (waits.code, rings.github.writes) == (0, []), waits.log
    assert "all waits for m@1.1.0: 2 of 2 devices in canary" in waits.summary("promote")

    report("c2", 25)
    run = rings.run("promote.yml", "schedule")
    assert run.code == 0, run.log
    assert diff(rings) == [
        "-  models: {crowds: m@1.0.0}  # proven",
        "+  models: {crowds: m@1.1.0}  # proven",
    ]
    (mark,) = run.inputs("actions/upload-artifact")  # so who is behind the commit is known
    assert mark["name"] == f"proposal-{rings.git('rev-parse', BRANCH)}"
    (pull,) = rings.github.pulls.values()
    assert (pull["title"], pull["base"]["ref"]) == ("Promote m@1.1.0 to all", "main")
    assert "2 devices of canary were healthy with it for 24 h" in pull["body"]
    assert "| `all` | `crowds` | `m@1.0.0` | `m@1.1.0` |" in pull["body"]
    assert rings.github.dispatches == [{"workflow": "fleet-pr.yml", "ref": BRANCH}]


def test_a_degraded_release_is_taken_back(rings, report):
    report("c1", 30)
    error = {"code": "LoadTestFailed", "message": "it does <b>not</b> load"}
    report("c2", 30, state="error", error=error)
    run = rings.run("promote.yml", "schedule")
    assert run.code == 0, run.log
    assert diff(rings) == ["-  models: {crowds: m@1.1.0}", "+  models: {crowds: m@1.0.0}"]
    (pull,) = rings.github.pulls.values()
    assert pull["title"] == "Revert crowds to m@1.0.0 in canary"
    assert "`c2   Degraded: model crowds: LoadTestFailed: it does <b>not</b> load`" in pull["body"]


def test_without_a_hub_nothing_runs(rings):
    rings.variables.clear()
    run = rings.run("promote.yml", "schedule")
    assert (run.code, run.jobs) == (0, {}), run.log


def test_each_value_has_a_pull_request_of_its_own(rings, report):
    first = GROUPS.replace(
        "soak: 24h}", "soak: 0m, values: [desired.rate]}\n  desired: {rate: 5}", 1
    )
    rings.write("fleet/groups.yaml", first)
    rings.push("a value")
    assert edgeops(["sync", "--repo", str(rings.root), "--hub", "production"]) == 0
    report("c1", 30)
    report("c2", 25)
    run = rings.run("promote.yml", "schedule")
    assert run.code == 0, run.log
    pulls = {pull["head"]["ref"]: pull for pull in rings.github.pulls.values()}
    assert pulls.keys() == {BRANCH, "edgeops/promote/desired.rate"}
    pull = pulls["edgeops/promote/desired.rate"]
    assert pull["title"] == "Promote desired.rate 5 to all"
    assert "| `all` | `desired.rate` | `nothing` | `5` |" in pull["body"]
    branch = "edgeops/promote/desired.rate"
    rings.git("fetch", "--quiet", "origin", f"{branch}:{branch}")
    assert rings.git("diff", "-U0", "main", branch).splitlines()[5:] == ["+  desired: {rate: 5}"]
