"""What is asked of GitHub for an approval: from a small GitHub to the decision."""

from __future__ import annotations

import pytest

from edgeops.github.approval import decide
from edgeops.github.comments import stick
from edgeops.github.gather import gather
from edgeops.github.rest import GitHubError

HEAD, MERGED, START = "1" * 40, "2" * 40, "3" * 40
BRANCH, BOT = "faster", "github-actions[bot]"
PLAN = "### edgeops plan: `f` at `abcdef0` → hub `production`\n\nPlan digest `abc`"
GIVEN = (True, "grace approved this plan in #1")


@pytest.fixture(autouse=True)
def main(github):
    """Main was there before."""
    github.push("main", START, by="linus")


@pytest.fixture
def proposal(github, api):
    """Opens a pull request whose comment shows the plan; gives its number."""

    def open_it(*, opener="ada", pushed_by="ada"):
        github.push(BRANCH, HEAD, by=pushed_by)
        number = github.open_pull(BRANCH, HEAD, author=opener)
        stick(api, number, "fleet-plan", PLAN)
        return number

    return open_it


@pytest.fixture
def verdict(github, api):
    """Merges the pull request and asks for the approval of the plan."""

    def ask(number, *, repeated=False):
        github.merge(number, MERGED)
        facts = gather(api, MERGED, "main", "fleet-plan", repeated=repeated)
        return decide(facts, "fleet-plan", PLAN)

    return ask


def test_somebody_else_approved_what_the_comment_shows(github, proposal, verdict):
    number = proposal()
    github.review(number)
    assert verdict(number) == GIVEN


def test_who_pushed_last_cannot_approve_whatever_the_commits_say(github, proposal, verdict):
    """The commits are all said to be by ada, who opened the pull request."""
    number = proposal()
    github.pulls[number]["head"]["sha"] = "4" * 40
    github.commits[number].append(github.commit("4" * 40, "ada"))
    github.push(BRANCH, "4" * 40, by="grace")
    github.review(number)
    assert verdict(number).why.endswith("grace wrote part of it")


def test_those_whom_commits_name_cannot_approve(github, proposal, verdict):
    number = proposal()
    trailer = f"x\n\nCo-authored-by: G <{github.user('grace')['id']}+g@users.noreply.github.com>"
    github.commits[number] = [github.commit(HEAD, None, trailer)]
    github.review(number)
    assert verdict(number).why.endswith("grace wrote part of it")


def test_pushes_are_found_among_more_than_a_page_of_them(github, proposal, verdict):
    github.push(BRANCH, "0" + HEAD[1:], by="grace")
    for count in range(1, 231):
        github.push(BRANCH, f"{count:040}", by="ada")
    number = proposal()
    github.review(number)
    github.requests.clear()
    assert verdict(number).why.endswith("grace wrote part of it")
    assert github.requests.count("GET /activity") == 3


def test_a_branch_that_is_gone_may_be_listed_only_among_all(github, proposal, verdict):
    number = proposal(pushed_by="grace")
    github.review(number)
    github.push(BRANCH, "0" * 40, kind="branch_deletion")
    github.unlisted.add(f"refs/heads/{BRANCH}")
    assert verdict(number).why.endswith("grace wrote part of it")


def test_reviews_of_apps_and_of_accounts_that_are_gone_say_nothing(github, proposal, verdict):
    number = proposal()
    for who in ("copilot", None):
        for state in ("APPROVED", "CHANGES_REQUESTED"):
            github.review(number, state, by=who)
    github.review(number)
    assert verdict(number) == GIVEN
    assert "GET /collaborators/copilot/permission" not in github.requests


@pytest.mark.parametrize("permission", ["read", "none", "triage"])
def test_strangers_neither_approve_nor_stop_anything(github, proposal, verdict, permission):
    github.permissions["mallory"] = permission
    number = proposal()
    github.review(number, by="mallory")
    github.review(number, "CHANGES_REQUESTED", by="mallory")
    github.review(number, "CHANGES_REQUESTED", by="nobody")
    github.missing.add("nobody")  # GitHub has no such user any more
    github.review(number)
    assert verdict(number) == GIVEN


def test_a_name_that_somebody_else_has_now_gives_no_permission(github, proposal, verdict):
    number = proposal()
    github.review(number)["user"] = github.user("grace") | {"id": 9}
    assert verdict(number).why.endswith("grace has no write access to the repository")


def test_a_fork_is_not_asked_for_its_pushes(github, proposal, verdict):
    number = proposal()
    github.pulls[number]["head"]["repo"] = None  # deleted since
    github.review(number)
    assert verdict(number) == (False, "#1: it came from a fork")


def test_where_a_file_was_before_counts(github, proposal, verdict):
    number = proposal()
    github.files[number] = [
        {"filename": "fleet/a.yaml", "previous_filename": "edgeops/a.py", "status": "renamed"}
    ]
    github.review(number)
    assert verdict(number).why == "#1: it changes files that a plan does not show: edgeops/a.py"


def test_more_commits_than_github_lists(github, proposal, verdict):
    number = proposal()
    github.commits[number] *= 251
    github.review(number)
    assert verdict(number).why == "#1: it has 251 commits, and GitHub does not list them all"


def test_a_comment_of_somebody_else_shows_nothing(github, api, verdict):
    github.push(BRANCH, HEAD)
    number = github.open_pull(BRANCH, HEAD)
    forged = f"<!-- edgeops:fleet-plan -->\n{PLAN}"
    github.comment(number, forged, user=github.user("ada"))
    github.review(number)
    assert verdict(number).why == "#1: it does not show this plan"


def test_an_approval_of_an_earlier_comment_is_not_one_of_this(github, api, proposal, verdict):
    number = proposal()
    github.review(number)
    stick(api, number, "fleet-plan", f"{PLAN}\n\nmore")
    assert verdict(number).why.endswith("grace approved before the comment was last edited")


@pytest.mark.parametrize("kind", ["schedule", "workflow_dispatch"])
def test_a_workflow_of_main_says_what_it_proposed(github, proposal, verdict, kind):
    github.upload(f"proposal-{HEAD}", github.run(kind, START, by="linus"))
    number = proposal(opener=BOT, pushed_by=BOT)
    github.review(number)
    assert verdict(number) == GIVEN


def test_who_started_the_workflow_cannot_approve_and_who_set_its_schedule_can(
    github, proposal, verdict
):
    run = github.run("schedule", START, by="grace")
    github.upload(f"proposal-{HEAD}", run)
    number = proposal(opener=BOT, pushed_by=BOT)
    github.review(number)
    assert verdict(number) == GIVEN
    github.run_again(run, by="ada")
    assert verdict(number) == GIVEN
    github.run_again(run, by="grace")
    github.run_again(run, by="ada")  # GitHub's list shows only this one
    assert verdict(number).why.endswith("grace wrote part of it")


def test_who_dispatched_the_workflow_cannot_approve(github, proposal, verdict):
    run = github.run("workflow_dispatch", START, by="grace")
    github.run_again(run, by="ada")
    github.upload(f"proposal-{HEAD}", run)
    number = proposal(opener=BOT, pushed_by=BOT)
    github.review(number)
    assert verdict(number).why.endswith("grace wrote part of it")


@pytest.mark.parametrize(
    "forged",
    [
        {"event": "pull_request"},
        {"event": "push", "head_branch": "mallorys"},
        {"event": "push", "head_repository": {"id": 666}},
        {"event": "push", "head_repository": None},
        {"event": "push", "head_sha": "9" * 40},  # a tag that is called main
    ],
)
def test_a_run_of_anything_but_main_says_nothing(github, proposal, verdict, forged):
    github.upload(f"proposal-{HEAD}", github.run("push", START, by="linus"))
    github.runs[github.artifacts[0]["workflow_run"]["id"]][0].update(forged)
    number = proposal(opener=BOT, pushed_by=BOT)
    github.review(number)
    assert verdict(number).why.endswith("no run of the base branch marked it as its own")


def test_a_run_that_was_deleted_says_nothing(github, proposal, verdict):
    github.upload(f"proposal-{HEAD}", github.run("schedule", START))
    github.runs.clear()
    number = proposal(opener=BOT, pushed_by=BOT)
    github.review(number)
    assert verdict(number).why.endswith("no run of the base branch marked it as its own")


def test_a_commit_that_was_pushed_to_main_is_of_no_pull_request(github, api, proposal):
    github.review(proposal())
    assert gather(api, "4" * 40, "main", "fleet-plan", repeated=False) is None
    assert gather(api, HEAD, "main", "fleet-plan", repeated=False) is None  # it is only open


def test_what_was_merged_into_another_branch_is_not_of_this(github, api, proposal):
    github.merge(proposal(), MERGED)
    assert gather(api, MERGED, "release", "fleet-plan", repeated=False) is None


def test_an_old_run_that_is_repeated_brings_no_old_plan_back(github, api, proposal, verdict):
    number = proposal()
    github.review(number)
    assert verdict(number, repeated=True) == GIVEN
    github.push("main", "5" * 40)
    assert not gather(api, MERGED, "main", "fleet-plan", repeated=False).outdated
    assert gather(api, MERGED, "main", "fleet-plan", repeated=True).outdated


def test_what_github_does_not_let_us_ask_is_an_error(github, api, proposal):
    github.merge(proposal(), MERGED)
    github.refused["/activity"] = 403
    with pytest.raises(GitHubError):
        gather(api, MERGED, "main", "fleet-plan", repeated=False)
