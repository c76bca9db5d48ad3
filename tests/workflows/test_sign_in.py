"""What Azure sees when a workflow signs in, and what the README of a new fleet says to set up."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
import yaml

CHECKOUT = Path(__file__).parents[2]
WORKFLOWS = CHECKOUT / ".github/workflows"
README = CHECKOUT / "edgeops/scaffold/files/README.md"
NAMES = ("fleet-pr.yml", "fleet-sync.yml", "model.yml", "promote.yml")
CALLED = "./.github/workflows/"
CLIENT = re.compile(r"\$\{\{ vars\.AZURE_([A-Z]+)_CLIENT_ID \}\}")


def environments(job, called_in):
    """Every environment that a job may run in, where there is one hub.

    An expression chooses one of its words, or is that of the call of its workflow.
    """
    named = job.get("environment")
    if named is None:
        return []
    parts = [
        called_in if part == "${{ inputs.environment }}" else words(part)
        for part in re.findall(r"\$\{\{.*?\}\}|[^$]+", named)
    ]
    return ["".join(chosen) for chosen in itertools.product(*parts)]


def words(part):
    """The values that a part of an expression's text may have, so far as they are literal."""
    if "${{" not in part:
        return [part]
    return re.findall(r"(?:&&|\|\|) '([\w-]*)'", part)


def subjects(workflow, job, called_in):
    """The `sub` of the tokens that a job gets, for runs on main.

    Source: "OpenID Connect reference", example subject claims (GitHub Docs): the
    environment goes before everything, then a pull request, then the branch.
    """
    if names := environments(job, called_in):
        return {f"environment:{name}" for name in names}
    events = workflow[True]  # YAML 1.1 reads `on` as true
    by_event = {"pull_request": "pull_request"}
    assert events.get("push", {}).get("branches", ["main"]) == ["main"]
    return {by_event.get(event, "ref:refs/heads/main") for event in events}


def signed_in():
    """Application and subject of every job that signs in, with its workflow."""
    for name in NAMES:
        workflow = yaml.safe_load((WORKFLOWS / name).read_text())
        for job, called_in in jobs_of(workflow):
            for step in job["steps"]:
                if step.get("uses", "").startswith("azure/login@"):
                    who = CLIENT.fullmatch(step["with"]["client-id"])[1].lower()
                    for subject in subjects(workflow, job, called_in):
                        yield name, who, subject


def jobs_of(workflow):
    """The jobs of a workflow and of those it calls, with the environments that the call gives."""
    for job in workflow["jobs"].values():
        if job.get("uses", "").startswith(CALLED):
            called = yaml.safe_load((WORKFLOWS / job["uses"].removeprefix(CALLED)).read_text())
            for inner in called["jobs"].values():
                yield inner, words(job["with"]["environment"])
        else:
            yield job, []


def test_the_readme_lists_what_is_needed_and_nothing_else():
    row = r"\| (\w+) \| `repo:OWNER/REPOSITORY:(\S+)` \|"
    assert sorted(re.findall(row, README.read_text())) == sorted(
        {(who, subject) for _, who, subject in signed_in()}
    )


def test_the_comment_of_each_workflow_says_the_same():
    for name, who, subject in signed_in():
        comment = " ".join(
            line.lstrip("# ")
            for line in (WORKFLOWS / name).read_text().partition("\nname:")[0].splitlines()
        )
        place = subject.rpartition("/")[2].rpartition(":")[2]
        assert f"AZURE_{who.upper()}_CLIENT_ID" in comment
        assert re.search(rf"(environments?|branch) `?{place}`?|`{place}`", comment), (name, place)


def test_a_preview_is_one_subject_and_no_pull_request_gets_another():
    assert [entry[1:] for entry in signed_in() if entry[0] == "fleet-pr.yml"] == [
        ("reader", "environment:preview")
    ]


def test_nobody_is_told_to_give_pull_requests_the_keys_of_devices():
    for file in (README, *WORKFLOWS.glob("*.yml")):
        text = " ".join(file.read_text().split()).replace("# ", "")
        for match in re.finditer('"IoT Hub Data Reader"', text):
            assert "would show" in text[match.end() : match.end() + 40]
    role = yaml.safe_load(re.search(r"```json\n(.*?)```", README.read_text(), re.DOTALL)[1])
    assert role["Actions"] == []
    assert set(role["DataActions"]) == {
        "Microsoft.Devices/IotHubs/twins/read",
        "Microsoft.Devices/IotHubs/configurations/read",
    }


@pytest.mark.parametrize("command", [["sync", "--dry-run", "--prune"], ["status"]])
def test_a_preview_needs_only_to_read_twins(synced, local_hub, command):
    """`twins/read` allows the twins and queries for them, and no identities.

    Source: "Control access to IoT Hub by using Microsoft Entra ID" (Microsoft Learn).
    """
    from edgeops.cli.main import run

    def asked(allowed):
        return {method: local_hub.faults.count(method, path) for method, path in allowed.items()}

    everything = dict.fromkeys(("GET", "POST", "PUT", "PATCH", "DELETE"), "")
    twins = {"GET": "^/(twins|configurations)/", "POST": "^/devices/query$"}
    before, reads = asked(everything), asked(twins)
    assert run(["--repo", str(synced.root), "--hub", "production", *command]) == 0
    new = {method: number - before[method] for method, number in asked(everything).items()}
    assert new["GET"] > 0
    assert new == dict.fromkeys(everything, 0) | {
        method: number - reads[method] for method, number in asked(twins).items()
    }
