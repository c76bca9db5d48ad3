"""One issue that stays open as long as a fault persists.

Source: "REST API endpoints for issues" (GitHub Docs).
"""

from __future__ import annotations

from enum import StrEnum

from edgeops.github.marker import body_of, is_ours, marked
from edgeops.github.rest import GitHubApi
from edgeops.jsonvalue import JsonObject


class IssueOutcome(StrEnum):
    """What was done with an issue."""

    OPENED = "opened"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    CLOSED = "closed"
    NONE = "not needed"


def keep_open(api: GitHubApi, marker: str, title: str, text: str) -> tuple[IssueOutcome, str]:
    """Create or update the open issue with this marker; gives its URL too.

    Raises `GitHubError`.
    """
    body = marked(marker, text)
    issue = _find(api, marker)
    if issue is None:
        made = api.post("/issues", title=title, body=body)
        return IssueOutcome.OPENED, str(made["html_url"])
    url = str(issue["html_url"])
    if issue["title"] == title and body_of(issue) == body:
        return IssueOutcome.UNCHANGED, url
    api.patch(f"/issues/{issue['number']}", title=title, body=body)
    return IssueOutcome.UPDATED, url


def close(api: GitHubApi, marker: str, why: str) -> tuple[IssueOutcome, str]:
    """Close the open issue with this marker, if there is one; gives its URL too.

    Raises `GitHubError`.
    """
    issue = _find(api, marker)
    if issue is None:
        return IssueOutcome.NONE, ""
    api.post(f"/issues/{issue['number']}/comments", body=why)
    api.patch(f"/issues/{issue['number']}", state="closed", state_reason="completed")
    return IssueOutcome.CLOSED, str(issue["html_url"])


def _find(api: GitHubApi, marker: str) -> JsonObject | None:
    issues = api.pages("/issues", state="open")
    candidates = (issue for issue in issues if "pull_request" not in issue)
    return next((issue for issue in candidates if is_ours(issue, marker)), None)
