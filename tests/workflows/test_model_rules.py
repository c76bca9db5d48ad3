"""What must hold of the workflows about models, and of those of edgeops itself."""

import tomllib
from pathlib import Path

import pytest
import yaml

WORKFLOWS = Path(__file__).parents[2] / ".github/workflows"
ALL = sorted(file.name for file in WORKFLOWS.glob("*.yml"))


def workflow(name):
    return yaml.safe_load((WORKFLOWS / name).read_text())


def steps(name):
    return [step for job in workflow(name)["jobs"].values() for step in job.get("steps", ())]


@pytest.mark.parametrize("name", ALL)
def test_nothing_is_allowed_that_a_job_does_not_ask_for(name):
    assert workflow(name)["permissions"] == {}
    for job in workflow(name)["jobs"].values():
        assert "permissions" in job
        assert job.get("timeout-minutes", 361) <= 360 or "uses" in job  # what it calls is checked


@pytest.mark.parametrize("name", ALL)
def test_no_input_is_expanded_into_a_shell_and_no_credential_left_on_disk(name):
    for step in steps(name):
        assert "${{" not in step.get("run", ""), step
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("name", ["model.yml", "promote.yml"])
def test_steps_are_one_or_two_commands_of_edgeops(name):
    for step in steps(name):
        lines = step.get("run", "").strip().splitlines()
        assert len(lines) <= 2
        assert all(line.startswith("edgeops ") for line in lines), step


def test_only_the_jobs_that_propose_may_write():
    writers = {
        (name, job)
        for name in ("model.yml", "promote.yml")
        for job, asked in workflow(name)["jobs"].items()
        if "write" in asked["permissions"].values()
    }
    assert writers == {("model.yml", "release"), ("promote.yml", "promote"), ("model.yml", "live")}
    only_signs_in = {"contents": "read", "id-token": "write"}
    assert workflow("model.yml")["jobs"]["live"]["permissions"] == only_signs_in


def test_devices_are_only_read_on_schedule():
    """A push needs no sign-in; every step has the condition, as a skipped job skips others."""
    (live,) = {step.get("if") for step in workflow("model.yml")["jobs"]["live"]["steps"]}
    assert live == "github.event_name == 'schedule' && vars.EDGEOPS_HUB != ''"


def test_all_green_waits_for_every_job_that_may_fail():
    jobs = workflow("ci.yml")["jobs"]
    may_fail = {name for name, job in jobs.items() if not job.get("continue-on-error")}
    assert set(jobs["all-green"]["needs"]) == may_fail - {"all-green"}


def test_ci_tests_every_python_that_the_package_allows():
    project = tomllib.loads((WORKFLOWS.parents[1] / "pyproject.toml").read_text())["project"]
    stated = [line.rsplit(" ", 1)[1] for line in project["classifiers"] if "Python :: 3." in line]
    assert workflow("ci.yml")["jobs"]["test"]["strategy"]["matrix"]["python"] == stated
