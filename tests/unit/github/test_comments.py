"""One comment that is kept up to date."""

import pytest

from edgeops.errors import UsageError
from edgeops.github.comments import CommentOutcome, stick
from edgeops.github.issues import IssueOutcome, close, keep_open


@pytest.fixture
def number(github):
    return github.open_pull("faster", "1" * 40)


def test_a_comment_is_written_once_then_changed_then_left_alone(api, github, number):
    assert stick(api, number, "fleet-plan", "one") is CommentOutcome.CREATED
    assert stick(api, number, "fleet-plan", "two") is CommentOutcome.UPDATED
    at = github.comments[number][0]["updated_at"]
    assert stick(api, number, "fleet-plan", "two") is CommentOutcome.UNCHANGED
    assert github.bodies(number) == ["<!-- edgeops:fleet-plan -->\ntwo"]
    assert github.comments[number][0]["updated_at"] == at  # so an approval of it stays one


def test_a_comment_is_found_among_many_by_its_marker(api, github, number):
    stick(api, number, "fleet-plan", "one")
    for count in range(120):
        github.comment(number, f"chat {count}", user={"login": "ada", "type": "User"})
    assert stick(api, number, "fleet-plan", "two") is CommentOutcome.UPDATED
    assert stick(api, number, "model-card", "three") is CommentOutcome.CREATED


def test_line_ends_as_a_browser_sends_them_make_no_difference(api, github, number):
    stick(api, number, "fleet-plan", "one\ntwo")
    comment = github.comments[number][0]
    comment["body"] = comment["body"].replace("\n", "\r\n")
    assert stick(api, number, "fleet-plan", "one\ntwo") is CommentOutcome.UNCHANGED


def test_a_comment_of_somebody_else_is_never_changed(api, github, number):
    forged = "<!-- edgeops:fleet-plan -->\nAll is well."
    github.comment(number, forged, user={"login": "mallory", "type": "User"})
    assert stick(api, number, "fleet-plan", "one") is CommentOutcome.CREATED
    assert github.bodies(number)[0] == forged


def test_a_marker_cannot_end_itself(api, number):
    with pytest.raises(UsageError, match="is not a marker"):
        stick(api, number, "x --><b", "one")


def test_a_marker_may_end_with_the_name_of_any_hub(api, github, number):
    for hub in ("eu", "eu-2", "eu--", "EU_west.1"):  # as in schemas/fleet.schema.json
        assert stick(api, number, f"fleet-drift-{hub}", hub) is CommentOutcome.CREATED
    assert stick(api, number, "fleet-drift-eu", "again") is CommentOutcome.UPDATED
    assert len(github.bodies(number)) == 4


def test_one_issue_as_long_as_something_is_wrong(api, github):
    assert close(api, "fleet-drift", "gone") == (IssueOutcome.NONE, "")
    assert keep_open(api, "fleet-drift", "Drift", "one")[0] is IssueOutcome.OPENED
    assert keep_open(api, "fleet-drift", "Drift", "one")[0] is IssueOutcome.UNCHANGED
    kept, url = keep_open(api, "fleet-drift", "Drift", "two")
    (issue,) = github.issues.values()
    assert (kept, url) == (IssueOutcome.UPDATED, issue["html_url"])
    assert close(api, "fleet-drift", "gone") == (IssueOutcome.CLOSED, url)
    assert (issue["state"], github.bodies(issue["number"])) == ("closed", ["gone"])
    assert keep_open(api, "fleet-drift", "Drift", "again")[0] is IssueOutcome.OPENED
    assert len(github.issues) == 2
