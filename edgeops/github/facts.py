"""The facts about the pull request that became a commit, as values for `approval`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgeops.github.accounts import Account

# The most that GitHub lists; there may be more.
MOST_COMMITS = 250
MOST_FILES = 3_000


@dataclass(frozen=True, slots=True)
class Pull:
    """The pull request itself; `commits` and `files` are the counts that GitHub reports."""

    number: int
    opener: Account | None
    opened_at: str
    head: str
    in_this_repository: bool
    commits: int
    files: int


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment of a workflow with the marker, last edited `at`."""

    text: str
    at: str
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Push:
    """A change of the head of a branch, by an authenticated account."""

    kind: str
    before: str
    after: str
    at: str
    by: Account | None


@dataclass(frozen=True, slots=True)
class Run:
    """A workflow run that marked a commit as its own.

    `trusted`: it ran the workflow of the branch itself. `started_by`: the
    accounts that started its attempts; empty for a scheduled run.
    """

    trusted: bool
    started_by: tuple[Account | None, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """A review, and whether its author has write access to the repository."""

    by: Account
    state: str
    commit: str | None
    at: str
    may_write: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """All facts that decide. Pushes: the newest first; reviews: the oldest first.

    `commits`: the author, committer and co-authors that each commit names.
    `outdated`: a later attempt of a run, after the branch has moved on.
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
