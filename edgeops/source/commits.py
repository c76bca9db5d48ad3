"""Which commits this clone has."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from edgeops.source.git import repository, run

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
