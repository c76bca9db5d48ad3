"""What git says of commits, and of the user."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from edgeops.errors import EdgeOpsError
from edgeops.source.git import GitFailed, repository, run

# Without it, a clone without file contents would ask its server for each commit that it lacks.
_NO_FETCH = {"GIT_NO_LAZY_FETCH": "1"}


def known_commits(root: Path, commits: Collection[str]) -> frozenset[str]:
    """Those of the commits, each a full id, that this clone has, in a branch or not.

    Asks git once. Raises `EdgeOpsError` when there is no repository.
    """
    if not commits:
        return frozenset()
    asked = "".join(f"{commit}\n" for commit in sorted(commits))
    options = ("--batch-check=%(objectname) %(objecttype)",)
    with repository(root) as (repo, _):
        answer = run(repo, "cat-file", *options, environ=_NO_FETCH, stdin=asked.encode())
    found = (line.split() for line in answer.decode().splitlines())
    return frozenset(name for name, kind, *_ in found if kind == "commit")


def user_name(root: Path) -> str:
    """The name of the user in git's configuration; empty if there is none."""
    try:
        with repository(root) as (repo, _):
            return run(repo, "config", "--get", "user.name").decode(errors="replace").strip()
    except EdgeOpsError:
        return ""


def subjects(root: Path, commits: Collection[str]) -> dict[str, str]:
    """The first lines of the messages of full commit ids, as far as this clone has the commits.

    Raises `EdgeOpsError` when there is no repository.
    """
    with repository(root) as (repo, _):
        found: dict[str, str] = {}
        for commit in sorted(set(commits)):
            try:
                shown = run(repo, "show", "--no-patch", "--format=%s", f"{commit}^{{commit}}")
            except GitFailed:
                continue
            found[commit] = shown.decode(errors="replace").strip()
        return found


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
