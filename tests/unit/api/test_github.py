"""What steps of GitHub workflows do for a fleet, with a GitHub on loopback."""

import dataclasses

import pytest
from fake_github import READER, REPOSITORY, WRITER, FakeGitHub, running

from edgeops.api import PlanRequest, plan
from edgeops.api.github import approval, comment, drift_issue, trainings
from edgeops.api.proposals import Proposal, new_release, next_promotions, uncommitted_files
from edgeops.errors import EdgeOpsError, UsageError
from edgeops.github.workflow import read_workflow
from edgeops.plan.document import read_saved, to_json
from edgeops.report.documents import dump_json
from edgeops.source.schemas import packaged_schema

SHA = "1" * 40


@pytest.fixture
def github():
    with running(FakeGitHub()) as fake:
        yield fake


@pytest.fixture
def workflow(github, tmp_path):
    return read_workflow(
        {
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_API_URL": github.url,
            "GITHUB_TOKEN": WRITER,
            "GITHUB_SHA": SHA,
            "GITHUB_REF_NAME": "topic",
            "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        }
    )


@pytest.fixture
def saved(workspace, root, git):
    """A plan that changes two devices, as it is read from a file."""
    file = root / "fleet/fleet.yaml"
    file.write_text(file.read_text().replace("60", "30"))
    git("commit", "--all", "--quiet", "--message", "faster")
    made = plan(workspace, PlanRequest(changed_since="HEAD~1", offline=True))
    return read_saved(dump_json(to_json(made.plan)), packaged_schema("plan"))


def test_one_comment_is_kept_up_to_date(github, workflow, tmp_path):
    with pytest.raises(EdgeOpsError, match="there is no open pull request from the branch topic"):
        comment(workflow, "plan", "one")
    number = github.open_pull("topic", SHA)
    comments = [comment(workflow, "plan", text) for text in ("one", "two", "two")]
    assert [(done.number, done.how) for done in comments] == [
        (number, "created"),
        (number, "updated"),
        (number, "unchanged"),
    ]
    reader = dataclasses.replace(workflow, token=READER)
    assert comment(reader, "plan", "three").how is None
    assert (tmp_path / "summary.md").read_text() == "three\n"


def test_a_plan_that_changes_nothing_needs_no_approval(workflow, saved):
    nothing = dataclasses.replace(saved, writes={})
    assert approval(workflow, nothing, "plan", "").given
    decision = approval(workflow, saved, "plan", "the plan")
    assert not decision.given
    assert decision.why


def test_the_issue_about_drift_opens_and_closes(github, workflow, saved):
    opened = drift_issue(workflow, saved, "drift", "Hub local differs", "see there")
    assert (opened.how, github.issues[1]["title"]) == ("opened", "Hub local differs")
    nothing = dataclasses.replace(saved, writes={})
    closed = drift_issue(workflow, nothing, "drift", "", "")
    assert (closed.how, github.issues[1]["state"]) == ("closed", "closed")


def test_what_is_to_be_trained(workspace, listener, root):
    assert trainings(workspace).models == ()
    with pytest.raises(UsageError, match=r"there is no models/m/model.yaml"):
        trainings(workspace, only=["m"])
    trainings(workspace, changed_since=SHA)
    assert listener.notes == [f"{SHA} is not in this clone: all models count as changed"]


def test_what_would_be_proposed(workspace, root, listener):
    assert uncommitted_files(workspace) == {}
    (root / "fleet/new.yaml").write_text("# nothing yet\n")
    (root / "other.txt").write_text("of no concern")
    assert uncommitted_files(workspace) == {"fleet/new.yaml": b"# nothing yet\n"}
    with pytest.raises(UsageError, match="there is no release `m@1"):
        new_release(workspace, "m@1.0.0")
    assert next_promotions(workspace) == ()
    assert "no group is a ring" in listener.notes[-1]


def test_a_proposal_is_known_again_by_its_meaning_or_its_files():
    def proposal(files, meaning=""):
        return Proposal("b", "t", lambda root: root, files, meaning).digest

    assert proposal({"a": b"1"}) == proposal({"a": b"1"})
    assert len({proposal({"a": b"1"}), proposal({"a": b"2"}), proposal({"a": None})}) == 3
    assert proposal({"a": b"1"}, "m") == proposal({"a": b"2"}, "m")
