"""One comment on a pull request that is kept up to date, instead of one a run.

Source: "REST API endpoints for issue comments" (GitHub Docs); to GitHub a pull
request is an issue.
"""

from __future__ import annotations

from enum import StrEnum

from edgeops.github.marker import is_ours, marked
from edgeops.github.rest import Rest
from edgeops.jsonvalue import JsonObject


class Written(StrEnum):
    """What became of a comment."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


def stick(api: Rest, number: int, marker: str, text: str) -> Written:
    """Let the comment with this marker on a pull request say this text. Raises `GitHubError`.

    A comment that says it already is left alone: its time is that of its text.
    """
    body = marked(marker, text)
    found = find(api, number, marker)
    if found is None:
        api.post(f"/issues/{number}/comments", body=body)
        return Written.CREATED
    if found["body"].replace("\r\n", "\n") == body:
        return Written.UNCHANGED
    api.patch(f"/issues/comments/{found['id']}", body=body)
    return Written.UPDATED


def find(api: Rest, number: int, marker: str) -> JsonObject | None:
    """Our comment with this marker."""
    comments = api.pages(f"/issues/{number}/comments")
    return next((comment for comment in comments if is_ours(comment, marker)), None)
