"""When a plan counts as approved in its pull request, and when it does not: facts in, words out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgeops.github.accounts import Account
from edgeops.github.approval import decide
from edgeops.github.facts import Comment, Facts, Pull, Push, Review, Run
from edgeops.github.marker import marked

ADA, GRACE, MALLORY = Account("ada", 1), Account("grace", 2), Account("mallory", 3)
BOT = Account("github-actions[bot]", 41898282, person=False)
HEAD, OLD, NONE = "1" * 40, "2" * 40, "0" * 40
PLAN = "### edgeops plan: `f` at `{}` → hub `production`\n\nwhat it does\n\nPlan digest `abc`"
MAINS, PULLS = PLAN.format("aaaaaaa"), PLAN.format("bbbbbbb")
GIVEN = (True, "grace approved this plan in #7")


def at(minute: int) -> str:
    return f"2026-05-01T10:{minute:02}:00Z"


def comment(text: str = PULLS, minute: int = 20) -> Comment:
    return Comment(marked("fleet-plan", f"{text}\n\nmore"), at(minute))


def review(by: Account = GRACE, state: str = "APPROVED", **more) -> Review:
    fields = {"commit": HEAD, "at": at(30), "may_write": True} | more
    return Review(by, state, **fields)


def push(by: Account | None = ADA, minute: int = 1, kind: str = "branch_creation", **more) -> Push:
    fields = {"before": NONE, "after": HEAD} | more
    return Push(kind, fields["before"], fields["after"], at(minute), by)


PULL = Pull(7, ADA, at(10), HEAD, in_this_repository=True, commits=1, files=1)
FACTS = Facts(
    pull=PULL,
    comments=(comment(),),
    commits=((ADA,),),
    paths=("fleet/fleet.yaml",),
    files=1,
    pushes=(push(),),
    runs={},
    reviews=(review(),),
)
SCHEDULED, DISPATCHED = Run(True, ()), Run(True, (MALLORY,))


def verdict(**changed):
    return decide(replace(FACTS, **changed), "fleet-plan", MAINS)


def of_pull(**changed) -> Pull:
    return replace(PULL, **changed)


def by_bot(*runs: Run, opener: Account = BOT, **more):
    """A pull request that a workflow made; `runs` say that it was they."""
    return verdict(
        pull=of_pull(opener=opener),
        commits=((BOT,),),
        pushes=(push(BOT),),
        runs={HEAD: runs},
        **more,
    )


def test_somebody_else_approved_what_the_comment_shows():
    assert verdict() == GIVEN


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"pull": of_pull(opener=GRACE)}, "grace wrote part of it"),
        ({"pushes": (push(GRACE),)}, "grace wrote part of it"),
        ({"commits": ((ADA, GRACE),)}, "grace wrote part of it"),
        ({"reviews": (review(ADA),)}, "ada wrote part of it"),
        ({"reviews": (review(may_write=False),)}, "grace has no write access to the repository"),
        ({"reviews": (review(commit=OLD),)}, "grace approved another commit"),
        ({"reviews": (review(commit=None),)}, "grace approved another commit"),
        ({"reviews": (review(at=at(19)),)}, "grace approved before the comment was last edited"),
        ({"reviews": (review(at=at(20)),)}, "grace approved before the comment was last edited"),
        ({"reviews": (review(state="COMMENTED"),)}, "has approved this plan"),
        ({"reviews": (review(state="PENDING"),)}, "has approved this plan"),
        ({"reviews": (review(Account("copilot", 9, person=False)),)}, "has approved this plan"),
        ({"reviews": ()}, "has approved this plan"),
    ],
)
def test_not_everybody_and_not_every_review_approves(changed, why):
    approval = verdict(**changed)
    assert not approval.given
    assert approval.why.startswith("#7: nobody with permission to approve has approved this plan")
    assert approval.why.endswith(why)


def test_of_several_one_who_may_is_enough():
    reviews = (review(ADA), review(MALLORY, may_write=False), review())
    assert verdict(reviews=reviews) == GIVEN


def test_everybody_who_ever_pushed_to_the_branch_wrote_it():
    pushes = (
        push(ADA, 3, "force_push", before=OLD),
        push(GRACE, 2, "push", before="3" * 40, after=OLD),
        push(ADA, 1, after="3" * 40),
    )
    assert verdict(pushes=pushes).why.endswith("grace wrote part of it")


def test_what_happens_to_the_branch_afterwards_does_not_matter():
    gone = push(GRACE, 50, "branch_deletion", before=HEAD, after=NONE)
    assert verdict(pushes=(gone, push())) == GIVEN


@pytest.mark.parametrize(
    "pushes",
    [
        (),
        (push(kind="push", before=OLD),),
        (push(kind="push", before=OLD), push(after="3" * 40)),
        (push(after=OLD),),
    ],
    ids=["none", "no beginning", "a gap", "not of the head"],
)
def test_where_github_does_not_tell_all_pushes_nobody_has_approved(pushes):
    why = "#7: its authors are not certain: GitHub does not list all pushes to its branch"
    assert verdict(pushes=pushes) == (False, why)


def test_a_branch_that_was_made_anew_under_the_pull_request_hides_who_wrote_it():
    assert verdict(pushes=(push(minute=11),)).why.endswith("recreated after it was opened")


def test_what_others_merged_into_the_branch_was_pushed_elsewhere():
    pushes = (push(kind="pr_merge", before=OLD), push(after=OLD))
    assert verdict(pushes=pushes).why.endswith("another pull request was merged into its branch")


def test_an_author_whom_github_does_not_know_is_known_as_who_pushed():
    assert verdict(commits=((),)) == GIVEN


@pytest.mark.parametrize("who", [None, Account("dependabot[bot]", 8, person=False)])
def test_a_push_by_nobody_knows_whom_is_not_approved(who):
    assert verdict(pushes=(push(who),)).why.endswith("the person behind it is unknown")


def test_an_account_is_its_number_whatever_its_name_is_now():
    renamed = Account("grace-hopper", 2)
    assert not verdict(pushes=(push(renamed),)).given
    assert verdict(pushes=(push(Account("grace", 99)),)).given  # somebody else took the name
    assert not verdict(commits=((Account("GRACE", None),),)).given


def test_what_a_schedule_proposes_anybody_who_may_can_approve():
    assert by_bot(SCHEDULED) == GIVEN


def test_who_started_the_workflow_that_proposed_it_cannot_approve_it():
    mallorys = (review(MALLORY),)
    assert by_bot(DISPATCHED) == GIVEN
    assert by_bot(DISPATCHED, reviews=mallorys).why.endswith("mallory wrote part of it")
    assert by_bot(SCHEDULED, DISPATCHED, reviews=mallorys).why.endswith("mallory wrote part of it")


@pytest.mark.parametrize(
    ("runs", "why"),
    [
        ((), "no run of the base branch marked it as its own"),
        ((Run(False, (ADA,)),), "no run of the base branch marked it as its own"),
        ((Run(True, (BOT,)),), "was started by a workflow"),
        ((Run(True, (None,)),), "was started by a workflow"),
    ],
)
def test_what_some_workflow_pushed_is_not_approved(runs, why):
    """Any workflow of any branch pushes as the same app."""
    approval = by_bot(*runs)
    assert (approval.given, approval.why.endswith(why)) == (False, True), approval


def test_a_push_onto_what_a_workflow_proposed_counts_as_well():
    pushes = (push(MALLORY, 2, "push", before=OLD), push(BOT, after=OLD))
    approval = verdict(
        pull=of_pull(opener=BOT, commits=2),
        commits=((BOT,), (BOT,)),  # it says it was the workflow
        pushes=pushes,
        runs={OLD: (SCHEDULED,)},
        reviews=(review(MALLORY),),
    )
    assert approval.why.endswith("mallory wrote part of it")


def test_an_app_that_opened_it_did_so_for_somebody():
    assert verdict(pull=of_pull(opener=BOT)).why.endswith("the person behind it is unknown")
    app = Account("renovate[bot]", 5, person=False)
    assert by_bot(SCHEDULED, opener=app).why.endswith("the person behind it is unknown")


@pytest.mark.parametrize("state", ["CHANGES_REQUESTED", "DISMISSED"])
def test_who_changed_their_mind_has_not_approved(state):
    assert not verdict(reviews=(review(), review(state=state))).given


def test_a_remark_after_an_approval_changes_nothing():
    assert verdict(reviews=(review(), review(state="COMMENTED"))) == GIVEN


def test_who_may_write_and_wants_changes_is_heard_and_nobody_else():
    def wanted(**more):
        return verdict(reviews=(review(), review(MALLORY, "CHANGES_REQUESTED", **more)))

    assert wanted() == (False, "#7: mallory wants changes")
    assert wanted(may_write=False) == GIVEN


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"pull": of_pull(in_this_repository=False)}, "it came from a fork"),
        ({"pull": of_pull(commits=2)}, "it has 2 commits, and GitHub does not list them all"),
        (
            {"pull": of_pull(commits=250), "commits": FACTS.commits * 250},
            "it has 250 commits, and GitHub does not list them all",
        ),
        ({"pull": of_pull(files=2)}, "it changes 2 files, and GitHub does not list them all"),
        (
            {"pull": of_pull(files=3_000), "files": 3_000},
            "it changes 3,000 files, and GitHub does not list them all",
        ),
        ({"outdated": True}, "this run was started again, and the branch has moved on since"),
    ],
)
def test_what_is_not_seen_whole_is_not_approved(changed, why):
    assert verdict(**changed) == (False, f"#7: {why}")


@pytest.mark.parametrize(
    "path",
    [
        ".github/workflows/fleet-sync.yml",
        "fleet",
        "fleetx/a.yaml",
        "edgeops/plan.py",
        "./fleet/a.yaml",
        "Fleet/a.yaml",
    ],
)
def test_what_changes_more_than_a_plan_shows_is_not_approved(path):
    approval = verdict(paths=("fleet/a.yaml", path))
    assert approval == (False, f"#7: it changes files that a plan does not show: {path}")


def test_the_folders_of_a_fleet_are_what_plans_are_made_of():
    assert verdict(paths=("fleet/a/b.yaml", "schemas/x.json", "models/m/releases/1.yaml")) == GIVEN


HIDDEN = "### edgeops plan: `f` at `bbbbbbb` → hub `production`\n\nNo changes."


@pytest.mark.parametrize(
    "text",
    [
        PULLS.replace("abc", "abd"),
        PULLS.replace("what it does", "what it does "),
        PULLS.replace("`f`", "`g`"),
        PULLS.replace("hub `production`", "hub `local`"),
        f"{HIDDEN}\n\n<!--\n{PULLS}\n-->",
        f"<!-- {PULLS} -->",
        f"{HIDDEN}\n\n<details>\n\n{PULLS}\n\n</details>",
        f"{HIDDEN}\n\n{PULLS}",
        f"> [!NOTE]\n> note\n\n{PULLS}",
        f"\n{PULLS}",
        f"{PULLS} It is not as bad as it looks.",
        f"{PULLS}\nIt is not as bad as it looks.",
        f"{PULLS}<!-- -->",
        "",
    ],
)
def test_a_comment_that_shows_anything_else_shows_nothing(text):
    assert verdict(comments=(comment(text),)) == (False, "#7: it does not show this plan")


@pytest.mark.parametrize(
    "body",
    [
        marked("other", PULLS),
        PULLS,
        "",
    ],
)
def test_a_comment_without_its_marker_shows_nothing(body):
    assert not verdict(comments=(Comment(body, at(20)),)).given


def test_line_ends_as_a_browser_sends_them_make_no_difference():
    shown = comment()
    assert verdict(comments=(replace(shown, text=shown.text.replace("\n", "\r\n")),)) == GIVEN


def test_the_comment_is_one_and_is_seen():
    assert verdict(comments=()).why == "#7: it does not show this plan"
    two = (comment(), comment(HIDDEN))
    assert verdict(comments=two).why == "#7: it has several comments that show a plan"
    hidden = (replace(comment(), hidden=True),)
    assert verdict(comments=hidden).why == "#7: the comment that shows the plan is hidden"
