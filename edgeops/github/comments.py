"""One comment on a pull request that is updated, instead of one per run.

Source: "REST API endpoints for issue comments" (GitHub Docs); to GitHub a pull
request is an issue.
"""

from __future__ import annotations

from enum import StrEnum

from edgeops.github.marker import body_of, is_ours, marked
from edgeops.github.rest import GitHubApi
from edgeops.github.workflow import Workflow
from edgeops.jsonvalue import JsonObject


class CommentOutcome(StrEnum):
    """What was done with a comment."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


def stick(api: GitHubApi, number: int, marker: str, text: str) -> CommentOutcome:
    """Create or update the comment with this marker on a pull request. Raises `GitHubError`.

    A comment that has this text is not touched, so its time is that of its text.
    """
    body = marked(marker, text)
    comment = find(api, number, marker)
    if comment is None:
        api.post(f"/issues/{number}/comments", body=body)
        return CommentOutcome.CREATED
    if body_of(comment) == body:
        return CommentOutcome.UNCHANGED
    api.patch(f"/issues/comments/{comment['id']}", body=body)
    return CommentOutcome.UPDATED


def find(api: GitHubApi, number: int, marker: str) -> JsonObject | None:
    """The comment of a workflow with this marker."""
    comments = api.pages(f"/issues/{number}/comments")
    return next((comment for comment in comments if is_ours(comment, marker)), None)


def pull_request_of(workflow: Workflow, api: GitHubApi) -> int | None:
    """The number of the pull request of the event, or of the open one from this branch.

    A workflow dispatched for a pull request runs on its branch. Raises `GitHubError`.
    """
    pull = workflow.event.get("pull_request")
    if isinstance(pull, dict):
        return int(pull["number"])
    if not workflow.branch:
        return None
    owner = workflow.repository.partition("/")[0]
    open_pulls = api.pages("/pulls", state="open", head=f"{owner}:{workflow.branch}")
    return next((int(pull["number"]) for pull in open_pulls), None)
