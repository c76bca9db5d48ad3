"""When a plan counts as approved in its pull request, and when it does not."""

import pytest

from edgeops.github.approval import approval_of
from edgeops.github.comments import stick

HEAD, MERGED = "1" * 40, "2" * 40
LINE = "Plan digest `abc`, hub `production`"


@pytest.fixture
def number(github, api):
    """A pull request of ada whose comment shows the plan; not merged yet."""
    number = github.open_pull("faster", HEAD)
    stick(api, number, "fleet-plan", f"### plan\n\n{LINE}")
    return number


@pytest.fixture
def verdict(github, api):
    """Merges the pull request and asks for the approval of the plan."""

    def ask(number, line=LINE):
        github.merge(number, MERGED)
        return approval_of(api, MERGED, "main", "fleet-plan", line)

    return ask


def test_somebody_else_approved_what_the_comment_shows(github, number, verdict):
    github.review(number)
    assert verdict(number) == (True, "grace approved this plan in #1")


def test_another_plan_is_not_approved(github, number, verdict):
    github.review(number)
    other = LINE.replace("abc", "def")
    assert verdict(number, other) == (False, "#1 does not show this plan")


def test_a_line_is_a_whole_line(github, api, verdict):
    number = github.open_pull("faster", HEAD)
    stick(api, number, "fleet-plan", f"+ tags.note: {LINE}")
    github.review(number)
    assert verdict(number).why == "#1 does not show this plan"


def test_a_comment_of_somebody_else_shows_nothing(github, verdict):
    number = github.open_pull("faster", HEAD)
    forged = f"<!-- edgeops:fleet-plan -->\n{LINE}"
    github.comment(number, forged, user={"login": "ada", "type": "User"})
    github.review(number)
    assert not verdict(number).given


def test_an_approval_of_an_earlier_comment_is_not_one_of_this(github, api, number, verdict):
    github.review(number)
    stick(api, number, "fleet-plan", f"### another plan\n\n{LINE}")
    assert verdict(number).why == "nobody who may approved this plan in #1"


def test_an_approval_of_an_earlier_commit_is_not_one_of_this(github, number, verdict):
    github.review(number)
    github.pulls[number]["head"]["sha"] = "3" * 40
    assert not verdict(number).given


@pytest.mark.parametrize(
    ("state", "by"),
    [
        ("APPROVED", "ada"),  # its author
        ("APPROVED", "mallory"),  # may only read
        ("COMMENTED", "grace"),
        ("CHANGES_REQUESTED", "grace"),
    ],
)
def test_not_everybody_and_not_every_review_approves(github, number, verdict, state, by):
    github.review(number, state, by=by)
    assert not verdict(number).given


@pytest.mark.parametrize("state", ["CHANGES_REQUESTED", "DISMISSED"])
def test_who_changed_their_mind_has_not_approved(github, number, verdict, state):
    github.review(number)
    github.review(number, state)
    assert not verdict(number).given


def test_a_remark_after_an_approval_changes_nothing(github, number, verdict):
    github.review(number)
    github.review(number, "COMMENTED")
    assert verdict(number).given


def test_as_long_as_anybody_wants_changes_nobody_has_approved(github, number, verdict):
    github.review(number)
    github.review(number, "CHANGES_REQUESTED", by="mallory")
    assert not verdict(number).given


def test_a_commit_that_was_pushed_is_not_approved(github, api, number):
    github.review(number)
    found = approval_of(api, "4" * 40, "main", "fleet-plan", LINE)
    assert found == (False, "no pull request was merged into main as 4444444")


def test_a_pull_request_that_is_only_open_approves_nothing(github, api, number):
    github.review(number)
    assert not approval_of(api, HEAD, "main", "fleet-plan", LINE).given


def test_what_was_merged_into_another_branch_is_not_approved_for_this(github, api, number):
    github.review(number)
    github.merge(number, MERGED)
    assert not approval_of(api, MERGED, "release", "fleet-plan", LINE).given
