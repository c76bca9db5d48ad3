"""Whether what a plan does was approved in the pull request that became a commit.

A plan is approved when somebody else who may write to the repository approved
the last commit of the pull request, after our comment there said what it says:
that it shows this very digest.

Source: "REST API endpoints for commits", "... pull request reviews" and
"... collaborators" (GitHub Docs).
"""

from __future__ import annotations

from typing import NamedTuple

from edgeops.github.comments import find
from edgeops.github.rest import Rest
from edgeops.twin import JsonObject

_MAY_WRITE = {"admin", "write"}


class Approval(NamedTuple):
    """Whether a plan is approved, and in words why, or why not."""

    given: bool
    why: str


def approval_of(api: Rest, sha: str, branch: str, marker: str, line: str) -> Approval:
    """Whether the plan that is shown by this line of the comment was approved for this commit.

    `branch` is the one that was merged into. Raises `GitHubError`.
    """
    pull = _merged_as(api, sha, branch)
    if pull is None:
        return Approval(False, f"no pull request was merged into {branch} as {sha[:7]}")
    number = int(pull["number"])
    comment = find(api, number, marker)
    # A whole line: what comes from a manifest never stands alone on one.
    if comment is None or line not in comment["body"].splitlines():
        return Approval(False, f"#{number} does not show this plan")
    by = _approver(api, pull, since=str(comment["updated_at"]))
    if by is None:
        return Approval(False, f"nobody who may approved this plan in #{number}")
    return Approval(True, f"{by} approved this plan in #{number}")


def _merged_as(api: Rest, sha: str, branch: str) -> JsonObject | None:
    for pull in api.pages(f"/commits/{sha}/pulls"):
        here = pull["merge_commit_sha"] == sha and pull["base"]["ref"] == branch
        if pull["merged_at"] and here:
            return pull
    return None


def _approver(api: Rest, pull: JsonObject, *, since: str) -> str | None:
    """Who approved the last commit; None as long as somebody asks for changes."""
    last: dict[str, JsonObject] = {}
    for review in api.pages(f"/pulls/{pull['number']}/reviews"):  # the oldest first
        if review["state"] in {"APPROVED", "CHANGES_REQUESTED", "DISMISSED"} and review["user"]:
            last[review["user"]["login"]] = review
    if any(review["state"] == "CHANGES_REQUESTED" for review in last.values()):
        return None
    author = pull["user"]["login"]
    for login, review in last.items():
        approved = review["state"] == "APPROVED" and review["commit_id"] == pull["head"]["sha"]
        # Both are UTC in one form, so they compare as texts.
        fresh = str(review["submitted_at"]) >= since
        if approved and fresh and login != author and _may_write(api, login):
            return login
    return None


def _may_write(api: Rest, login: str) -> bool:
    found: JsonObject = api.get(f"/collaborators/{login}/permission")
    return found["permission"] in _MAY_WRITE
