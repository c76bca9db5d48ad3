"""`edgeops model promote`: from one ring to the next, by real commands on a real hub."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from edgeops.digest import digest_of

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
"""
GROUPS = """\
# The rings of a release.
apiVersion: edgeops/v1
kind: Group
metadata: {name: canary, priority: 30}
spec:
  selector: {matchLabels: {ring: canary}}
  rollout: {ring: 1, soak: 24h}
  models:
    crowds: m@1.1.0   # fresh from the oven
---
apiVersion: edgeops/v1
kind: Group
metadata: {name: all, priority: 10}
spec:
  selector: {}
  rollout: {ring: 2}
  models: { crowds: "m@1.0.0" }   # proven
"""
DEVICES = "".join(
    "---\napiVersion: edgeops/v1\nkind: Device\n"
    f"metadata: {{name: {name}, labels: {{ring: {ring}}}}}\nspec: {{}}\n"
    for name, ring in (("c1", "canary"), ("c2", "canary"), ("rest", "last"))
)


@pytest.fixture
def repo(empty_repo, release_in_git):
    """Two rings; the first has a newer release. No hub runs."""
    empty_repo.write("fleet/fleet.yaml", FLEET)
    empty_repo.write("fleet/groups.yaml", GROUPS)
    empty_repo.write("fleet/devices.yaml", DEVICES)
    for version in ("1.0.0", "1.1.0"):
        release_in_git(empty_repo, "m", version)
    empty_repo.commit()
    return empty_repo


@pytest.fixture
def synced(repo, with_hub):
    """The same with a hub that is in sync."""
    with_hub(repo)
    assert repo.edgeops("sync").code == 0
    return repo


@pytest.fixture
def report(synced, local_hub):
    """Lets a device report its model, in use for so many hours."""

    def tell(device, hours, version="1.1.0", **more):
        since = (datetime.now(UTC) - timedelta(hours=hours)).isoformat(timespec="seconds")
        slot = {
            "state": "ready",
            "sha256": digest_of([f"m {version}".encode()]).sha256,
            "since": since,
            **more,
        }
        local_hub.report(device, "model_loader", models={"crowds": slot})

    return tell


def groups(repo):
    return (repo.root / "fleet/groups.yaml").read_bytes().decode()


def decision(result):
    (decided,) = json.loads(result.out)["decisions"]
    return decided


def test_a_release_goes_to_a_group_and_one_line_changes(repo):
    before = groups(repo)
    done = repo.edgeops("model", "promote", "m@1.1.0", "--to", "all")
    assert done.code == 0, done.err
    assert groups(repo) == before.replace('"m@1.0.0"', '"m@1.1.0"')
    assert done.out.splitlines()[-4:] == [
        "   selector: {}",
        "   rollout: {ring: 2}",
        '-  models: { crowds: "m@1.0.0" }   # proven',
        '+  models: { crowds: "m@1.1.0" }   # proven',
    ]
    assert "devices that get another release once this is committed and synced: 1" in done.err
    assert repo.git("status", "--porcelain") == "M fleet/groups.yaml"  # and nothing is committed

    again = repo.edgeops("model", "promote", "m@1.1.0", "--to", "all")
    assert (again.code, again.out) == (0, "")
    assert "all already has m@1.1.0" in again.err


def test_the_diff_of_a_dry_run_can_be_applied(repo):
    before = groups(repo)
    shown = repo.edgeops("model", "promote", "m@1.0.0", "--to", "canary", "--dry-run", "-q")
    assert (shown.code, shown.err, groups(repo)) == (0, "", before)
    subprocess.run(["git", "apply"], cwd=repo.root, input=shown.out, text=True, check=True)
    assert groups(repo) == before.replace("m@1.1.0", "m@1.0.0")


def test_json_of_one_promotion(repo):
    shown = repo.edgeops("model", "promote", "m@1.0.0", "--to", "canary", "-o", "json")
    assert json.loads(shown.out) == {
        "file": "fleet/groups.yaml",
        "group": "canary",
        "slot": "crowds",
        "before": "m@1.1.0",
        "after": "m@1.0.0",
    }
    assert "m@1.1.0" not in groups(repo)


def test_a_file_with_other_changes_is_edited_and_named(repo):
    repo.edit("fleet/groups.yaml", "# proven", "# mine")
    done = repo.edgeops("model", "promote", "m@1.1.0", "--to", "all")
    assert "note: fleet/groups.yaml already had uncommitted changes" in done.err
    assert 'models: { crowds: "m@1.1.0" }   # mine' in groups(repo)


def test_an_edit_that_reaches_no_device_says_so(repo):
    repo.edit("fleet/devices.yaml", "ring: last", "ring: canary")
    done = repo.edgeops("model", "promote", "m@1.1.0", "--to", "all")
    assert (done.code, "no device gets another release" in done.err) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("m@9.9.9", "--to", "all"), 64, "the releases are m@1.0.0, m@1.1.0"),
        (("n@1.0.0", "--to", "all"), 64, "there is no release `n@1.0.0`"),
        (("m", "--to", "all"), 64, "give NAME@VERSION"),
        (("m@1.0", "--to", "all"), 64, "there is no release `m@1.0`"),
        (("m@1.0.0", "--to", "cannary"), 64, "did you mean `canary`?"),
        (("m@1.0.0", "--to", "all", "--slot", "crwds"), 64, "did you mean `crowds`?"),
        (("m@1.0.0", "--to", "all", "--slot", "a b"), 64, "is not a slot"),
        (("m@1.0.0",), 64, "--to GROUP must be used together"),
        (("--next", "--to", "all"), 64, "or --next"),
        ((), 64, "or --next"),
        (("m@1.0.0", "--to", "all", "--revert-degraded"), 64, "needs --next"),
        (("--next", "--slot", "crwds"), 64, "did you mean `crowds`?"),
    ],
)
def test_wrong_arguments_are_errors(repo, arguments, code, message):
    before = groups(repo)
    result = repo.edgeops("model", "promote", *arguments)
    assert (result.code, message in result.err) == (code, True), result.err
    assert groups(repo) == before


def test_invalid_manifests_are_listed_and_left_alone(repo):
    repo.edit("fleet/groups.yaml", "priority: 10", "priority: ten")
    result = repo.edgeops("model", "promote", "m@1.1.0", "--to", "all")
    assert (result.code, "fleet/groups.yaml:13:" in result.err) == (3, True), result.err
    repo.edit("fleet/groups.yaml", "priority: ten}", "[")
    assert "fleet/groups.yaml:13:" in repo.edgeops("model", "promote", "--next").err


def test_an_edit_that_would_break_the_fleet_is_not_made(repo):
    repo.edit("fleet/fleet.yaml", "{modules: {model_loader: {}}}", "{}")
    repo.edit("fleet/groups.yaml", "  models:\n    crowds: m@1.1.0   # fresh from the oven\n", "")
    repo.edit("fleet/groups.yaml", '  models: { crowds: "m@1.0.0" }   # proven\n', "")
    before = groups(repo)
    result = repo.edgeops("model", "promote", "m@1.1.0", "--to", "canary", "--slot", "crowds")
    assert (result.code, "models need the module `model_loader`" in result.err) == (3, True)
    assert groups(repo) == before


def test_the_next_ring_gets_it_after_the_soak_time(synced, report):
    before = groups(synced)
    report("c1", 30)
    report("c2", 25)
    done = synced.edgeops("model", "promote", "--next")
    assert done.code == 0, done.err
    first = "crowds: all gets m@1.1.0 after 2 devices of canary were healthy with it for 24 h"
    assert done.out.splitlines()[0] == first
    assert groups(synced) == before.replace('"m@1.0.0"', '"m@1.1.0"')

    synced.commit("promoted")
    done = synced.edgeops("model", "promote", "--next")
    assert (done.code, done.out) == (0, "crowds: every ring has m@1.1.0\n")


def test_it_waits_while_a_device_has_not_shown_it(synced, report):
    before = groups(synced)
    report("c1", 30)
    report("c2", 3)
    waits = synced.edgeops("model", "promote", "--next")
    assert waits.code == 5
    assert "crowds: all waits for m@1.1.0: 2 of 2 devices in canary" in waits.out
    assert "  c2   Converged for 3 h of 24 h" in waits.out
    assert "error: no ring gets a release now" in waits.err

    report("c2", 30, "1.0.0")
    decided = decision(synced.edgeops("model", "promote", "--next", "-o", "json"))
    (reason,) = decided["reasons"]
    assert (decided["step"], reason["device"], reason["state"]) == ("hold", "c2", "Offline")

    synced.edit("fleet/groups.yaml", "soak: 24h", "soak: 24h, minHealthy: 50%")
    assert synced.edgeops("model", "promote", "--next", "--dry-run").code == 0
    assert groups(synced) == before.replace("soak: 24h", "soak: 24h, minHealthy: 50%")


def test_a_degraded_release_goes_back(synced, report):
    before = groups(synced)
    report("c1", 30)
    error = {"code": "LoadTestFailed", "message": "it does not load"}
    report("c2", 30, error=error, state="error")
    refused = synced.edgeops("model", "promote", "--next")
    assert (refused.code, groups(synced)) == (5, before)
    assert "crowds: m@1.1.0 is Degraded in canary" in refused.out
    assert "c2   Degraded: model crowds: LoadTestFailed: it does not load" in refused.out
    assert "--revert-degraded" in refused.err

    done = synced.edgeops("model", "promote", "--next", "--revert-degraded", "-o", "json")
    assert (done.code, decision(done)["step"]) == (0, "degraded")
    assert json.loads(done.out)["changes"] == [
        {
            "file": "fleet/groups.yaml",
            "group": "canary",
            "slot": "crowds",
            "before": "m@1.1.0",
            "after": "m@1.0.0",
        }
    ]
    assert groups(synced) == before.replace("m@1.1.0", "m@1.0.0")


def test_without_rings_or_models_there_is_nothing_to_promote(repo):
    repo.edit(
        "fleet/groups.yaml", "    crowds: m@1.1.0   # fresh from the oven\n", "    crowds: null\n"
    )
    repo.edit("fleet/groups.yaml", '{ crowds: "m@1.0.0" }', "{}")
    nothing = repo.edgeops("model", "promote", "--next")
    assert (nothing.code, nothing.out) == (0, "")
    assert "no ring has a model yet" in nothing.err
    repo.edit("fleet/groups.yaml", "  rollout: {ring: 1, soak: 24h}\n", "")
    repo.edit("fleet/groups.yaml", "  rollout: {ring: 2}\n", "")
    result = repo.edgeops("model", "promote", "--next")
    assert (result.code, "set `rollout: {ring: 1, soak: 24h}`" in result.err) == (1, True)


@pytest.mark.parametrize("group", ["canary", "half", "all", "queen-street"])
def test_our_own_fleet_changes_by_one_line(example_repo, release_in_git, group):
    release_in_git(example_repo, "m", "1.0.0")
    release_in_git(example_repo, "m", "1.1.0")
    example_repo.commit()
    for version in ("1.0.0", "1.1.0"):
        done = example_repo.edgeops(
            "model", "promote", f"m@{version}", "--to", group, "--slot", "a-slot"
        )
        assert done.code == 0, done.err
        added, removed = example_repo.git("diff", "--numstat").split()[:2]
        assert (added, removed in ("0", "1")) == ("1", True)
        assert example_repo.git("diff", "--name-only") == f"fleet/groups/{group}.yaml"
        example_repo.commit(version)
