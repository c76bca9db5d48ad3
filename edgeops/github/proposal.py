"""A pull request from a branch of ours: opened, or kept up to date, and checked.

Source: "REST API endpoints for pull requests" and "... workflows" (GitHub Docs).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from edgeops.github.marker import is_ours, marked
from edgeops.github.rest import GitHubApi, GitHubError
from edgeops.jsonvalue import JsonObject


@dataclass(frozen=True, slots=True)
class PullRequest:
    """What is proposed: the branch `owner:branch` to `base`; `digest` stands for its content."""

    owner: str
    branch: str
    base: str
    title: str
    digest: str
    text: str = ""

    @property
    def marker(self) -> str:
        """By this the same proposal is known again."""
        return f"proposal-{self.digest[:16]}"

    @property
    def body(self) -> str:
        """What GitHub shows."""
        return marked(self.marker, self.text)


class PullRequestOutcome(StrEnum):
    """What became of a proposal."""

    OPENED = "opened"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


def declined(api: GitHubApi, pull: PullRequest) -> str | None:
    """The URL of a pull request with this very content that somebody closed without merging.

    Raises `GitHubError`.
    """
    for closed in _pulls(api, pull, "closed"):
        if closed["merged_at"] is None and is_ours(closed, pull.marker):
            return str(closed["html_url"])
    return None


def propose(api: GitHubApi, pull: PullRequest) -> tuple[PullRequestOutcome, str]:
    """Let the one open pull request of this branch say this; gives its URL too.

    Raises `GitHubError`.
    """
    existing = next(iter(_pulls(api, pull, "open")), None)
    if existing is None:
        made = _open(api, pull)
        return PullRequestOutcome.OPENED, str(made["html_url"])
    url = str(existing["html_url"])
    body = str(existing["body"] or "").replace("\r\n", "\n")
    if (existing["title"], body) == (pull.title, pull.body):
        return PullRequestOutcome.UNCHANGED, url
    api.patch(f"/pulls/{existing['number']}", title=pull.title, body=pull.body)
    return PullRequestOutcome.UPDATED, url


def start(api: GitHubApi, workflow: str, branch: str) -> None:
    """Start a workflow on a branch: what its own token does starts none. Raises `GitHubError`."""
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
            "GitHub does not let this workflow open a pull request",
            "the job needs `pull-requests: write`, and the repository: Settings > Actions >"
            " General > Allow GitHub Actions to create and approve pull requests",
            403,
        ) from error
    return made
