"""One issue that is open as long as something is wrong.

Source: "REST API endpoints for issues" (GitHub Docs).
"""

from __future__ import annotations

from enum import StrEnum

from edgeops.github.marker import is_ours, marked
from edgeops.github.rest import Rest
from edgeops.jsonvalue import JsonObject


class Kept(StrEnum):
    """What became of an issue."""

    OPENED = "opened"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    CLOSED = "closed"
    NONE = "not needed"


def keep_open(api: Rest, marker: str, title: str, text: str) -> tuple[Kept, str]:
    """Let the open issue with this marker say this, opening one if need be; gives its URL too.

    Raises `GitHubError`.
    """
    body = marked(marker, text)
    found = _find(api, marker)
    if found is None:
        made = api.post("/issues", title=title, body=body)
        return Kept.OPENED, str(made["html_url"])
    url = str(found["html_url"])
    if found["title"] == title and found["body"].replace("\r\n", "\n") == body:
        return Kept.UNCHANGED, url
    api.patch(f"/issues/{found['number']}", title=title, body=body)
    return Kept.UPDATED, url


def close(api: Rest, marker: str, why: str) -> tuple[Kept, str]:
    """Close the open issue with this marker, if there is one; gives its URL too.

    Raises `GitHubError`.
    """
    found = _find(api, marker)
    if found is None:
        return Kept.NONE, ""
    api.post(f"/issues/{found['number']}/comments", body=why)
    api.patch(f"/issues/{found['number']}", state="closed", state_reason="completed")
    return Kept.CLOSED, str(found["html_url"])


def _find(api: Rest, marker: str) -> JsonObject | None:
    issues = api.pages("/issues", state="open")
    found = (issue for issue in issues if "pull_request" not in issue)
    return next((issue for issue in found if is_ours(issue, marker)), None)
