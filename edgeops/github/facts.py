"""What GitHub knows of the pull request that became a commit: values, for `approval`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgeops.github.accounts import Account

# What GitHub lists at most; there may be more.
MOST_COMMITS = 250
MOST_FILES = 3_000


@dataclass(frozen=True, slots=True)
class Pull:
    """The pull request itself; `commits` and `files` are how many GitHub says it has."""

    number: int
    opener: Account | None
    opened_at: str
    head: str
    in_this_repository: bool
    commits: int
    files: int


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment of ours with the marker, as it is since `at`."""

    text: str
    at: str
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Push:
    """A change of what a branch points to, by an account that had signed in."""

    kind: str
    before: str
    after: str
    at: str
    by: Account | None


@dataclass(frozen=True, slots=True)
class Run:
    """A workflow run that says of a commit that it made it.

    `trusted`: it ran what the branch itself held. `started_by`: whoever started
    it or one of its attempts; nobody where it was due by a schedule.
    """

    trusted: bool
    started_by: tuple[Account | None, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """A review, and whether its author may write to the repository."""

    by: Account
    state: str
    commit: str | None
    at: str
    may_write: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """All that decides. Pushes: the newest first; reviews: the oldest first.

    `commits`: of each its author, committer and co-authors, as it says itself.
    `outdated`: this is a later attempt of a run, and the branch has moved on.
    """

    pull: Pull
    comments: tuple[Comment, ...]
    commits: tuple[tuple[Account, ...], ...]
    paths: tuple[str, ...]
    files: int
    pushes: tuple[Push, ...]
    runs: Mapping[str, tuple[Run, ...]]
    reviews: tuple[Review, ...]
    outdated: bool = False
