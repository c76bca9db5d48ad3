"""`edgeops github propose`: one branch, one pull request, kept up to date, never by force."""

from __future__ import annotations

import re
import shutil

import pytest
from fake_github import READER, REPOSITORY, WRITER

from edgeops.cli.main import run
from edgeops.digest import digest_of
from edgeops.publishing.release_file import release_document
from edgeops.release import ModelRelease

BRANCH = "edgeops/try"
FLEET = """\
apiVersion: edgeops/v1
kind: Fleet
metadata: {name: tiny}
spec:
  hubs: {local: {}}
---
apiVersion: edgeops/v1
kind: Group
metadata: {name: canary, priority: 1}
spec:
  selector: {}
  rollout: {ring: 1}
"""
GROUP = "fleet/groups/canary.yaml"


@pytest.fixture
def step(world, monkeypatch, capfd):
    """Runs a command of `edgeops github` as a step of a workflow on main; code and messages."""
    values = {
        "GITHUB_REPOSITORY": REPOSITORY,
        "GITHUB_API_URL": world.github.url,
        "GITHUB_REF_NAME": "main",
        "GITHUB_TOKEN": WRITER,
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)

    def call(*arguments, root=world.root):
        code = run(["github", *arguments, "--repo", str(root)])
        out, err = capfd.readouterr()
        assert WRITER not in out + err
        return code, err

    return call


@pytest.fixture
def propose(world, step):
    """`propose` with its options."""
    why = world.root / "why.md"
    why.write_text("Because.")

    def call(title="A change", check="fleet-pr.yml", **more):
        options = ("--branch", BRANCH, "--title", title, "--body-file", str(why))
        return step("propose", *options, "--check", check, **more)

    return call


@pytest.fixture
def change(world):
    """Changes the working tree: a group gets another interval."""

    def edit(seconds: int) -> None:
        text = (world.root / GROUP).read_text()
        world.write(GROUP, re.sub(r"Seconds: \d+", f"Seconds: {seconds}", text))

    return edit


def tip(world):
    world.git("fetch", "--quiet", "--force", "origin", f"+{BRANCH}:refs/tip")
    return world.git("rev-parse", "refs/tip")


def test_propose_outputs_the_commits_that_it_made(world, propose, change, tmp_path, monkeypatch):
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    change(30)
    propose()
    propose()  # the branch has it already: whoever made that commit, it was not this run
    given = f'commits=["{tip(world)}"]\ncommits=[]\n'
    assert (tmp_path / "output").read_text() == given


def test_without_a_change_nothing_is_proposed(world, propose):
    code, err = propose()
    assert (code, "there are no uncommitted changes to propose" in err) == (0, True)
    assert world.github.requests == []


def test_one_pull_request_is_kept_up_to_date(world, propose, change):
    main, status = world.git("rev-parse", "main"), None
    change(30)
    world.write("fleet/devices/new.yaml", "apiVersion: edgeops/v1\n")
    (world.root / "fleet/groups/half.yaml").unlink()
    status = world.git("status", "--porcelain")
    assert propose()[0] == 0
    assert world.git("show", "--format=%s|%an|%P", "--name-status", tip(world)).splitlines() == [
        f"A change|github-actions[bot]|{main}",
        "",
        "A\tfleet/devices/new.yaml",
        "M\tfleet/groups/canary.yaml",
        "D\tfleet/groups/half.yaml",
    ]
    assert world.git("status", "--porcelain") == status  # the working tree is as it was
    assert world.git("rev-parse", "HEAD") == main
    (pull,) = world.github.pulls.values()
    assert (pull["title"], pull["head"]["ref"], pull["base"]["ref"]) == ("A change", BRANCH, "main")
    assert pull["body"].endswith("-->\nBecause.")
    assert world.github.dispatches == [{"workflow": "fleet-pr.yml", "ref": BRANCH}]

    before, writes = tip(world), len(world.github.writes)
    assert "unchanged" in propose()[1]
    assert (tip(world), len(world.github.writes)) == (before, writes)

    change(20)
    assert "updated" in propose("Another change")[1]
    assert tip(world) != before
    assert pull["title"] == "Another change"
    assert len(world.github.pulls) == 1
    assert len(world.github.dispatches) == 2


def test_the_work_of_others_on_the_branch_is_not_lost(world, propose, change):
    change(30)
    assert propose()[0] == 0
    tree = world.git("rev-parse", "main^{tree}")
    theirs = world.git("commit-tree", tree, "-p", tip(world), "-m", "a fix of mine")
    world.git("push", "--quiet", "origin", f"{theirs}:refs/heads/{BRANCH}")
    change(20)
    code, err = propose()
    assert (code, f"the last commit of the branch {BRANCH} is not by" in err) == (5, True)
    assert tip(world) == theirs


def test_what_somebody_closed_is_not_proposed_again(world, propose, change):
    change(30)
    assert propose()[0] == 0
    (pull,) = world.github.pulls.values()
    pull["state"] = "closed"
    code, err = propose()
    assert (
        code,
        f"not proposed again, since it was closed without merging: {pull['html_url']}" in err,
    ) == (0, True)
    assert len(world.github.pulls) == 1

    change(20)  # something else is
    assert propose()[0] == 0
    assert len(world.github.pulls) == 2


def test_what_was_merged_before_may_come_again(world, propose, change):
    change(30)
    assert propose()[0] == 0
    (number,) = world.github.pulls
    world.github.merge(number, tip(world))
    world.git("push", "--quiet", "origin", f":refs/heads/{BRANCH}")
    assert "opened" in propose()[1]


def test_a_fleet_in_a_folder_of_its_repository(world, propose):
    world.git("mv", "-k", "fleet", "schemas", ".github/")
    world.push("a fleet in a folder")
    world.write(".github/fleet/groups/more.yaml", "apiVersion: edgeops/v1\n")
    assert propose(root=world.root / ".github", check="")[0] == 0
    names = world.git("show", "--format=", "--name-only", tip(world))
    assert names == ".github/fleet/groups/more.yaml"
    assert world.github.dispatches == []


def test_github_may_forbid_pull_requests(world, propose, change, monkeypatch):
    monkeypatch.setenv("GITHUB_TOKEN", READER)
    change(30)
    code, err = propose()
    assert (code, "Allow GitHub Actions to create and approve pull requests" in err) == (1, True)


def test_proposing_outside_of_a_workflow_is_an_error(world, propose, change, monkeypatch):
    monkeypatch.delenv("GITHUB_REPOSITORY")
    change(30)
    code, err = propose()
    assert (code, "is not a step of a GitHub workflow" in err) == (1, True)


@pytest.fixture
def released(world):
    """A release of a model that was just published into a fleet with one ring."""
    shutil.rmtree(world.root / "fleet")
    world.write("fleet/fleet.yaml", FLEET)
    world.write("scorecard.md", "### Model `m`: good")
    world.push("a fleet")
    digest = digest_of([b"model"])
    release = ModelRelease.of_file(
        "m", "1.0.0", "m-1.0.0.onnx", digest.size, digest.sha256, digest.md5, "onnx", path="m/m"
    )
    world.write("models/m/releases/1.0.0.yaml", release_document(release, {}, [], {}))
    return world


def test_a_model_without_a_ring_is_released_to_no_group(released, step):
    scorecard = ("--scorecard", str(released.root / "scorecard.md"))
    assert step("propose-release", "m@1.0.0", *scorecard)[0] == 0
    (pull,) = released.github.pulls.values()
    assert (pull["title"], pull["head"]["ref"]) == ("Release m@1.0.0", "edgeops/release/m")
    assert "No group gets it yet. No ring has m yet." in pull["body"]
    assert pull["body"].endswith("### Model `m`: good")

    pull["state"] = "closed"  # somebody does not want it, whatever else its file says next time
    text = (released.root / "models/m/releases/1.0.0.yaml").read_text()
    released.write("models/m/releases/1.0.0.yaml", f"{text}  # built again\n")
    assert "it was closed" in step("propose-release", "m@1.0.0", *scorecard)[1]

    code, err = step("propose-release", "m@2.0.0", *scorecard)
    assert (code, "there is no release `m@2.0.0`" in err) == (64, True)


def test_a_fleet_without_rings_has_nobody_to_propose_it_to(released, step):
    released.edit("fleet/fleet.yaml", "rollout: {ring: 1}", "tags: {}")
    step("propose-release", "m@1.0.0", "--scorecard", str(released.root / "scorecard.md"))
    (pull,) = released.github.pulls.values()
    assert "No group gets it yet. No group is a ring." in pull["body"]
    code, err = step("propose-promotions")
    assert (code, "no group is a ring" in err) == (0, True)
