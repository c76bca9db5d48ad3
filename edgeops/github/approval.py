"""Whether a plan was approved in the pull request that became a commit.

A plan is approved when somebody with write access to the repository, who wrote
no part of the pull request, approved its last commit after the plan comment
showed exactly this plan. If GitHub does not report enough, it is not approved.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from edgeops.commit import short_commit
from edgeops.github.authorship import Writers, writers
from edgeops.github.facts import MOST_COMMITS, MOST_FILES, Comment, Facts, Review
from edgeops.github.gather import gather
from edgeops.github.marker import marked, parts
from edgeops.github.rest import GitHubApi, GitHubError

# The input of a plan. Changes elsewhere can have effects that a plan does not show.
FOLDERS = ("fleet/", "schemas/", "models/")

_SHOWN = 3
_OPINIONS = {"APPROVED", "CHANGES_REQUESTED", "DISMISSED"}


class Approval(NamedTuple):
    """Whether a plan is approved, and the reason."""

    given: bool
    why: str


def approval_of(
    api: GitHubApi, sha: str, branch: str, marker: str, plan: str, *, repeated: bool = False
) -> Approval:
    """Whether the plan with this Markdown was approved for the current commit of a branch.

    `repeated`: this is not the first attempt of the workflow run. Without an
    answer of GitHub, the plan is not approved.
    """
    try:
        facts = gather(api, sha, branch, marker, repeated=repeated)
    except GitHubError as error:
        hint = f" ({error.hint})" if error.hint else ""
        return Approval(False, f"{error.message}{hint}")
    if facts is None:
        return Approval(False, f"no pull request was merged into {branch} as {short_commit(sha)}")
    return decide(facts, marker, plan)


def decide(facts: Facts, marker: str, plan: str) -> Approval:
    """Whether the plan with this Markdown is approved."""
    number = f"#{facts.pull.number}"
    for why in _against(facts, marker, plan):
        return Approval(False, f"{number}: {why}")
    wrote = writers(facts)
    if wrote.unknown:
        return Approval(False, f"{number}: its authors are not certain: {wrote.unknown}")
    (comment,) = facts.comments
    opinions = _opinions(facts)
    for review in opinions:
        if review.state == "CHANGES_REQUESTED" and review.may_write:
            return Approval(False, f"{number}: {review.by.login} wants changes")
    approvals = [review for review in opinions if review.state == "APPROVED"]
    reasons = [_does_not_count(review, facts, comment, wrote) for review in approvals]
    for review, reason in zip(approvals, reasons, strict=True):
        if not reason:
            return Approval(True, f"{review.by.login} approved this plan in {number}")
    told = "".join(f"; {reason}" for reason in reasons)
    return Approval(
        False, f"{number}: nobody with permission to approve has approved this plan{told}"
    )


def _against(facts: Facts, marker: str, plan: str) -> Iterator[str]:
    if facts.outdated:
        yield "this run was started again, and the branch has moved on since"
    if not facts.pull.in_this_repository:
        yield "it came from a fork"
    if len(facts.commits) >= MOST_COMMITS or len(facts.commits) != facts.pull.commits:
        yield f"it has {facts.pull.commits:,} commits, and GitHub does not list them all"
    if facts.files >= MOST_FILES or facts.files != facts.pull.files:
        yield f"it changes {facts.pull.files:,} files, and GitHub does not list them all"
    others = sorted({path for path in facts.paths if not path.startswith(FOLDERS)})
    if others:
        more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
        yield f"it changes files that a plan does not show: {', '.join(others[:_SHOWN])}{more}"
    if len(facts.comments) > 1:
        yield "it has several comments that show a plan"
    if any(comment.hidden for comment in facts.comments):
        yield "the comment that shows the plan is hidden"
    if not any(shows(comment.text, marker, plan) for comment in facts.comments):
        yield "it does not show this plan"


def _opinions(facts: Facts) -> list[Review]:
    """The latest review of each person, ordered by their first review."""
    last: list[Review] = []
    for review in facts.reviews:
        if review.state not in _OPINIONS or not review.by.person:
            continue
        place = next(
            (i for i, earlier in enumerate(last) if earlier.by.is_same(review.by)), len(last)
        )
        last[place : place + 1] = [review]
    return last


def _does_not_count(review: Review, facts: Facts, comment: Comment, wrote: Writers) -> str:
    """Why an approval does not count for this plan; empty if it does."""
    who = review.by.login
    if not review.may_write:
        return f"{who} has no write access to the repository"
    if wrote.includes(review.by):
        return f"{who} wrote part of it"
    if review.commit != facts.pull.head:
        return f"{who} approved another commit"
    # Both are UTC in the same format, so they compare as text. Within one second the order is
    # unknown.
    if review.at <= comment.at:
        return f"{who} approved before the comment was last edited"
    return ""


# The plan of a pull request is made at its merge with main, which is a different commit.
_COMMIT = re.compile(r"\A(### edgeops plan: [^\n]*) at `[0-9a-f]{7}` → hub ")


def shows(body: str, marker: str, plan: str) -> bool:
    """Whether a comment shows exactly this plan (as Markdown), except for the commit.

    It may be one of several plans, each for a hub.
    """
    text = body.replace("\r\n", "\n")  # as browsers send it
    begin = marked(marker, "")
    if not text.startswith(begin):
        return False
    wanted = _without_commit(plan.strip())
    shown = map(_without_commit, parts(text.removeprefix(begin)))
    return any(part == wanted or part.startswith(f"{wanted}\n\n") for part in shown)


def _without_commit(plan: str) -> str:
    return _COMMIT.sub(r"\1 → hub ", plan)
