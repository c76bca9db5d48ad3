"""What a step of a workflow knows, and what is told where there is none."""

import json

import pytest

from edgeops.errors import EdgeOpsError
from edgeops.github.comments import pull_request_of
from edgeops.github.workflow import read_workflow

ENVIRONMENT = {
    "GITHUB_REPOSITORY": "contoso/fleet",
    "GITHUB_TOKEN": "ghs_secret",
    "GITHUB_SHA": "1" * 40,
    "GITHUB_REF_NAME": "proposal",
    "GITHUB_RUN_ID": "4711",
}


def test_the_workflow_is_read_from_the_environment(tmp_path):
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 7}}))
    summary, output = tmp_path / "summary", tmp_path / "output"
    files = {"EVENT_PATH": event, "STEP_SUMMARY": summary, "OUTPUT": output}
    environment = ENVIRONMENT | {f"GITHUB_{name}": str(path) for name, path in files.items()}
    workflow = read_workflow(environment)
    assert workflow.run_url == "https://github.com/contoso/fleet/actions/runs/4711"
    assert workflow.api_url == "https://api.github.com"
    assert "ghs_secret" not in repr(workflow)
    assert pull_request_of(workflow, workflow.api()) == 7

    workflow.summarize("one")
    workflow.summarize("two")
    workflow.give(approved="true", changes="false")
    assert summary.read_text() == "one\ntwo\n"
    assert output.read_text() == "approved=true\nchanges=false\n"


def test_the_pull_request_of_a_branch_is_the_open_one(github, api):
    github.merge(github.open_pull("proposal", "1" * 40), "2" * 40)
    number = github.open_pull("proposal", "3" * 40)
    github.open_pull("other", "4" * 40)
    workflow = read_workflow(ENVIRONMENT)
    assert pull_request_of(workflow, api) == number
    assert pull_request_of(read_workflow(ENVIRONMENT | {"GITHUB_REF_NAME": "x"}), api) is None


@pytest.mark.parametrize(
    ("missing", "message"),
    [("GITHUB_REPOSITORY", "not a step of a GitHub workflow"), ("GITHUB_TOKEN", "is not set")],
)
def test_reading_it_outside_of_a_workflow_is_an_error(missing, message):
    environment = {name: value for name, value in ENVIRONMENT.items() if name != missing}
    with pytest.raises(EdgeOpsError, match=message) as error:
        read_workflow(environment)
    assert error.value.hint


def test_an_event_that_cannot_be_read_is_an_error(tmp_path):
    with pytest.raises(EdgeOpsError, match="cannot read the event"):
        read_workflow(ENVIRONMENT | {"GITHUB_EVENT_PATH": str(tmp_path / "none")})
