"""What must hold of our workflows, whatever they do; zizmor and actionlint see to the rest."""

import re
from pathlib import Path

import pytest
import yaml

GITHUB = Path(__file__).parents[2] / ".github"
FILES = sorted([*GITHUB.glob("workflows/*.yml"), *GITHUB.glob("actions/*/action.yml")])
FLEET = ("fleet-pr.yml", "fleet-hub.yml")  # those with steps
TRIGGERED = ("fleet-pr.yml", "fleet-sync.yml")


def workflow(name):
    return yaml.safe_load((GITHUB / "workflows" / name).read_text())


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.parent.name + "/" + file.name)
def test_actions_are_pinned_and_say_their_version(file):
    for line in file.read_text().splitlines():
        if match := re.search(r"\buses: (?!\./)(\S+)(.*)", line):
            assert re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", match[1]), line
            assert re.fullmatch(r" # v\d+\.\d+\.\d+", match[2]), line


@pytest.mark.parametrize("name", FLEET)
def test_steps_are_commands_of_edgeops_and_expand_nothing(name):
    for job in workflow(name)["jobs"].values():
        for step in job["steps"]:
            if "run" in step:
                assert step["run"].startswith("edgeops "), step
                assert "${{" not in step["run"], step


@pytest.mark.parametrize("name", FLEET)
def test_jobs_may_do_no_more_than_they_do(name):
    asked = workflow(name)
    assert asked["permissions"] == {}
    for job in asked["jobs"].values():
        actions = [step.get("uses", "").partition("@")[0] for step in job["steps"]]
        commands = " ".join(step.get("run", "") for step in job["steps"])
        expected = {"contents": "read"}
        if "azure/login" in actions:
            expected["id-token"] = "write"
        if "github comment" in commands:
            expected["pull-requests"] = "write"
        if "github approval" in commands:
            expected |= {"pull-requests": "read", "actions": "read"}
        if "github drift-issue" in commands:
            expected["issues"] = "write"
        assert job["permissions"] == expected


def test_only_what_waits_for_approval_can_write_to_the_hub():
    jobs = workflow("fleet-hub.yml")["jobs"]
    writers = {
        name
        for name, job in jobs.items()
        for step in job["steps"]
        if step.get("with", {}).get("client-id") == "${{ vars.AZURE_WRITER_CLIENT_ID }}"
    }
    assert writers == {"apply", "correct"} == {name for name in jobs if "environment" in jobs[name]}
    approved = "${{ needs.plan.outputs.approved == 'true' && '-approved' || '' }}"
    assert jobs["apply"]["environment"] == "${{ inputs.environment }}" + approved
    assert jobs["correct"]["environment"] == "${{ inputs.environment }}-approved"


def test_an_administrator_names_the_environments_and_no_commit():
    """A hub that manifests name `production-approved` must not get the environment of this name."""
    job = workflow("fleet-sync.yml")["jobs"]["hub"]
    matrix = {"hub": "${{ fromJSON(vars.EDGEOPS_HUBS || format('[\"{0}\"]', vars.EDGEOPS_HUB)) }}"}
    assert job["strategy"] == {"fail-fast": False, "matrix": matrix}
    assert workflow("fleet-pr.yml")["jobs"]["live"]["strategy"] == job["strategy"]
    assert job["with"]["hub"] == "${{ matrix.hub }}"
    # With one hub the environment is `production`, whatever the name of the hub.
    assert job["with"]["environment"] == "${{ vars.EDGEOPS_HUBS && matrix.hub || 'production' }}"


def test_only_main_is_synced_and_what_a_hub_needs_is_allowed():
    (job,) = workflow("fleet-sync.yml")["jobs"].values()
    assert "github.ref == 'refs/heads/main'" in job["if"]
    called = workflow("fleet-hub.yml")
    assert list(called[True]) == ["workflow_call"]  # no other way in
    needed = {}
    for each in called["jobs"].values():
        needed |= each["permissions"]
    assert job["permissions"] == needed
    assert workflow("fleet-sync.yml")["permissions"] == {}


def test_a_sync_of_a_hub_is_never_cut_off_and_never_runs_twice_at_once():
    assert "concurrency" not in workflow("fleet-sync.yml")  # one hub must not wait for another
    concurrency = workflow("fleet-hub.yml")["concurrency"]
    assert concurrency["cancel-in-progress"] is False
    assert "github.ref" not in concurrency["group"]
    assert concurrency["group"].endswith("-${{ inputs.hub }}")


def test_what_belongs_to_a_hub_has_its_name():
    """Jobs of one run share its artifacts, whatever the workflow that called them."""
    for name, hub in (("fleet-hub.yml", "inputs.hub"), ("fleet-pr.yml", "matrix.hub")):
        for job in workflow(name)["jobs"].values():
            for step in job["steps"]:
                artifact = step.get("with", {}).get("name", "rendered")
                assert artifact == "rendered" or artifact.endswith(f"-${{{{ {hub} }}}}")


def test_preview_and_sync_run_for_the_same_files():
    runs = [workflow(name)[True] for name in TRIGGERED]  # YAML 1.1 reads `on` as true
    assert runs[0]["pull_request"]["paths"] == runs[1]["push"]["paths"]
    assert "pull_request_target" not in {**runs[0], **runs[1]}


@pytest.mark.parametrize("name", FLEET)
def test_what_may_delete_has_the_whole_history(name):
    """A device stays if it was written from a commit that the clone does not have."""
    deleting = 0
    for job in workflow(name)["jobs"].values():
        commands = " ".join(step.get("run", "") for step in job["steps"])
        if ("--prune" in commands and "--offline" not in commands) or "sync --plan" in commands:
            deleting += 1
            checkouts = [
                s for s in job["steps"] if s.get("uses", "").startswith("actions/checkout")
            ]
            assert [step["with"]["fetch-depth"] for step in checkouts] == [0]
    assert deleting
