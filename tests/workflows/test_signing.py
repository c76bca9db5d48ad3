"""The key that signs releases: where it lives in workflows, and who gets it."""

from pathlib import Path

import pytest
import yaml

WORKFLOWS = Path(__file__).parents[2] / ".github/workflows"
KEY = "EDGEOPS_SIGNING_KEY"


def test_only_the_step_that_publishes_gets_the_key():
    holders = [
        (file.name, job, step.get("id"))
        for file in sorted(WORKFLOWS.glob("*.yml"))
        for job, asked in yaml.safe_load(file.read_text())["jobs"].items()
        for step in asked.get("steps", ())
        if KEY in str(step)
    ]
    assert holders == [("model.yml", "release", "publish")]
    mentions = sum(file.read_text().count(f"secrets.{KEY}") for file in WORKFLOWS.glob("*.yml"))
    assert mentions == 1  # neither in the `env` of a job nor in that of a workflow


def test_the_key_is_in_the_environment_that_the_repository_chooses():
    job = yaml.safe_load((WORKFLOWS / "model.yml").read_text())["jobs"]["release"]
    assert job["environment"] == "${{ vars.EDGEOPS_SIGNING_ENVIRONMENT }}"
    (step,) = (step for step in job["steps"] if step.get("id") == "publish")
    assert "--key" not in step["run"]  # the environment, not the arguments, which others can see


@pytest.mark.parametrize("name", ["fleet-pr.yml", "fleet-sync.yml"])
def test_other_keys_are_a_change_of_the_fleet(name):
    on = yaml.safe_load((WORKFLOWS / name).read_text())[True]  # YAML 1.1 reads `on` as true
    paths = [event["paths"] for event in on.values() if event and "paths" in event]
    assert all("keys/**" in listed for listed in paths)
    assert paths
