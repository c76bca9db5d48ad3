"""A pull request from a branch that edgeops manages: opening, updating and checking it.

Source: "REST API endpoints for pull requests" and "... workflows" (GitHub Docs).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from edgeops.github.marker import body_of, is_ours, marked
from edgeops.github.rest import GitHubApi, GitHubError
from edgeops.jsonvalue import JsonObject


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request from `owner:branch` to `base`; `digest` identifies its content."""

    owner: str
    branch: str
    base: str
    title: str
    digest: str
    text: str = ""

    @property
    def marker(self) -> str:
        """The marker by which the same proposal is found again."""
        return f"proposal-{self.digest[:16]}"

    @property
    def body(self) -> str:
        """The text with its marker."""
        return marked(self.marker, self.text)


class PullRequestOutcome(StrEnum):
    """What was done with a pull request."""

    OPENED = "opened"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


def declined(api: GitHubApi, pull: PullRequest) -> str | None:
    """The URL of a pull request with the same content that was closed without merging.

    Raises `GitHubError`.
    """
    for closed in _pulls(api, pull, "closed"):
        if closed["merged_at"] is None and is_ours(closed, pull.marker):
            return str(closed["html_url"])
    return None


def propose(api: GitHubApi, pull: PullRequest) -> tuple[PullRequestOutcome, str]:
    """Create or update the open pull request of this branch; gives its URL too.

    Raises `GitHubError`.
    """
    existing = next(iter(_pulls(api, pull, "open")), None)
    if existing is None:
        made = _open(api, pull)
        return PullRequestOutcome.OPENED, str(made["html_url"])
    url = str(existing["html_url"])
    if (existing["title"], body_of(existing)) == (pull.title, pull.body):
        return PullRequestOutcome.UNCHANGED, url
    api.patch(f"/pulls/{existing['number']}", title=pull.title, body=pull.body)
    return PullRequestOutcome.UPDATED, url


def start(api: GitHubApi, workflow: str, branch: str) -> None:
    """Start a workflow on a branch: a push with GITHUB_TOKEN does not. Raises `GitHubError`."""
    api.post(f"/actions/workflows/{workflow}/dispatches", ref=branch)


def _pulls(api: GitHubApi, pull: PullRequest, state: str) -> list[JsonObject]:
    head = f"{pull.owner}:{pull.branch}"
    return list(api.pages("/pulls", state=state, head=head, base=pull.base))


def _open(api: GitHubApi, pull: PullRequest) -> JsonObject:
    try:
        made: JsonObject = api.post(
            "/pulls", title=pull.title, body=pull.body, head=pull.branch, base=pull.base
        )
    except GitHubError as error:
        if error.status != 403:
            raise
        raise GitHubError(
            "GitHub does not allow this workflow to open a pull request",
            "give the job `pull-requests: write`, and in the repository enable Settings > Actions >"
            " General > Allow GitHub Actions to create and approve pull requests",
            403,
        ) from error
    return made
