"""Which files changed between two commits."""

from __future__ import annotations

import os
from pathlib import Path

from edgeops.errors import EdgeOpsError
from edgeops.source.git import repository, run
from edgeops.source.revision import resolve_commit


def changed_since(root: Path, rev: str) -> tuple[str, ...] | None:
    """The files that HEAD has otherwise than a revision, from `root`; None if that is unknown.

    It is unknown for a new branch (GitHub then names the commit 000...) and
    after a forced push. Raises `EdgeOpsError` when there is no repository.
    """
    head = resolve_commit(root, "HEAD")
    try:
        since = resolve_commit(root, rev)
    except EdgeOpsError:
        return None
    with repository(root) as (repo, prefix):
        begin = f"{prefix}/" if prefix else ""
        output = run(repo, "diff", "--name-only", "--no-renames", "-z", since, head)
        names = [os.fsdecode(name) for name in output.split(b"\0") if name]
        return tuple(name.removeprefix(begin) for name in names if name.startswith(begin))
