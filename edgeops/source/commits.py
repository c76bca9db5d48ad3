"""What git says of commits, and of the user."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from edgeops.errors import EdgeOpsError
from edgeops.source.git import GitFailed, repository, run

# Without it, a clone without file contents would ask its server for each commit that it lacks.
_NO_FETCH = {"GIT_NO_LAZY_FETCH": "1"}


class FoundCommit(NamedTuple):
    """When a commit was made, in Unix time, and the first line of its message."""

    when: int
    subject: str


def found_commits(root: Path, commits: Collection[str]) -> dict[str, FoundCommit]:
    """Those of the commits, each a full id, that this clone has, in a branch or not.

    Asks git once. Raises `EdgeOpsError` when there is no repository.
    """
    if not commits:
        return {}
    asked = "".join(f"{commit}\n" for commit in sorted(commits))
    options = ("--no-walk=unsorted", "--ignore-missing", "--format=%H %ct %s", "--stdin")
    with repository(root) as (repo, _):
        answer = run(repo, "rev-list", *options, environ=_NO_FETCH, stdin=asked.encode())
    lines = answer.decode(errors="replace").split("\n")[1::2]  # each after a line `commit ID`
    found = (line.split(" ", 2) for line in lines)
    return {commit: FoundCommit(int(when), subject) for commit, when, subject in found}


def user_name(root: Path) -> str:
    """The name of the user in git's configuration; empty if there is none."""
    try:
        with repository(root) as (repo, _):
            return run(repo, "config", "--get", "user.name").decode(errors="replace").strip()
    except EdgeOpsError:
        return ""


def differ(root: Path, one: str, other: str, folders: Collection[str]) -> bool:
    """Whether files in these folders of the root differ between two full commit ids.

    True if this clone lacks one of them. Raises `EdgeOpsError` when there is no repository.
    """
    with repository(root) as (repo, prefix):
        begin = f"{prefix}/" if prefix else ""
        paths = [f":(top,literal){begin}{folder}" for folder in folders]
        try:
            return bool(run(repo, "diff", "--name-only", "-z", one, other, "--", *paths))
        except GitFailed:
            return True
