"""Makes the commit that brings an older fleet back, and moves the branch to it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgeops.commit import short_commit
from edgeops.errors import EdgeOpsError, Refused
from edgeops.source.git import GitFailed, repository, run
from edgeops.source.revision import resolve_commit, uncommitted

if TYPE_CHECKING:
    from git import Repo

_WHOLE = ("fleet", "schemas")  # exactly as they were; of releases, newer ones stay
_FEW = 200  # arguments of one git command


@dataclass(frozen=True, slots=True)
class Branch:
    """The branch that is checked out, and its commit."""

    name: str
    commit: str


def checked_out(root: Path) -> Branch:
    """The branch that is checked out. Raises `Refused` if HEAD is not a branch."""
    commit = resolve_commit(root, "HEAD")
    with repository(root) as (repo, _):
        try:
            ref = run(repo, "symbolic-ref", "--quiet", "HEAD").decode().strip()
        except GitFailed as error:
            raise Refused(
                "no branch is checked out, so that there is none to commit the rollback to",
                "check out a branch: `git switch BRANCH`",
            ) from error
    return Branch(ref.removeprefix("refs/heads/"), commit)


def commit_as_at(root: Path, head: str, rev: str, message: str, also: Collection[str] = ()) -> str:
    """The id of a new commit on `head` with fleet/, schemas/ and the releases as at `rev`.

    So are the files `also`. Releases that `rev` did not have stay. No branch and no file changes.
    `head` and `rev` are full commit ids. Raises `Refused` if these are as at `rev` already, or are
    changed and not committed, and `EdgeOpsError`.
    """
    _refuse_uncommitted(root)
    with (
        repository(root) as (repo, prefix),
        tempfile.TemporaryDirectory(prefix="edgeops-") as folder,
    ):
        environ = {"GIT_INDEX_FILE": str(Path(folder, "index"))}
        run(repo, "read-tree", head, environ=environ)
        begin = f"{prefix}/" if prefix else ""
        now, then = (dict(_entries(repo, at, begin, also)) for at in (head, rev))
        stays = {f"{begin}{path}" for path in also}
        gone = [
            path
            for path in now.keys() - then.keys()
            if not _is_release(path, begin) and path not in stays
        ]
        for paths in _parts(sorted(gone)):
            run(repo, "update-index", "--force-remove", "--", *paths, environ=environ)
        changed = [path for path, entry in then.items() if now.get(path) != entry]
        for paths in _parts(sorted(changed)):
            words = [word for path in paths for word in ("--cacheinfo", f"{then[path]},{path}")]
            run(repo, "update-index", "--add", *words, environ=environ)
        if not gone and not changed:
            raise Refused(
                f"fleet/, schemas/ and the releases are as at {short_commit(rev)} already",
                "`edgeops history` and `git log -- fleet` list what came before",
            )
        tree = run(repo, "write-tree", environ=environ).decode().strip()
        try:
            made = run(repo, "commit-tree", tree, "-p", head, "-m", message)
        except GitFailed as error:
            hint = "git needs to know who you are: git config user.name and user.email"
            raise EdgeOpsError(error.message, error.hint or hint) from error
        return made.decode().strip()


def advance(root: Path, branch: Branch, commit: str) -> None:
    """Move the branch that is checked out to a new commit on it; index and files follow.

    Other changes of files stay. Raises `Refused` when the branch is not where it was, or when files
    that are not committed are in the way; nothing has changed then.
    """
    if checked_out(root) != branch:
        raise Refused(f"the branch {branch.name} has moved meanwhile", "run the command again")
    config = {f"branch.{branch.name}.mergeOptions": ""}
    with repository(root) as (repo, _):
        try:
            run(
                repo, "merge", "--ff-only", "--no-squash", "--quiet", "--no-autostash",
                "--no-verify-signatures", "--no-overwrite-ignore", commit, config=config,
                apart=True,
            )  # fmt: skip
        except GitFailed as error:
            raise Refused(
                f"git cannot move the branch {branch.name}: {error.message}",
                error.hint or "commit, stash or remove the files that are in the way",
            ) from error
    if checked_out(root).commit != commit:
        raise Refused(f"git did not move the branch {branch.name}", "see `git status`")


def _parts(paths: list[str]) -> Iterator[list[str]]:
    return (paths[start : start + _FEW] for start in range(0, len(paths), _FEW))


def _refuse_uncommitted(root: Path) -> None:
    paths = [
        path for path in uncommitted(root) if path.startswith(_FOLDERS) or _is_release(path, "")
    ]
    if paths:
        more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
        raise Refused(
            f"not committed, so that a rollback would lose it: {', '.join(paths[:3])}{more}",
            "commit or stash it first",
        )


_FOLDERS = tuple(f"{folder}/" for folder in _WHOLE)


def _entries(
    repo: Repo, commit: str, begin: str, also: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Path, and `mode,id`, of each file that a rollback brings back."""
    paths = (f"{begin}{path}" for path in (*_WHOLE, "models", *also))
    output = run(repo, "ls-tree", "-r", "-z", "--full-tree", commit, "--", *paths)
    for entry in filter(None, output.split(b"\0")):
        attributes, _, name = entry.partition(b"\t")
        mode, _, sha = attributes.decode().split()
        path = os.fsdecode(name)
        whole = path.startswith(tuple(begin + folder for folder in _FOLDERS))
        if whole or _is_release(path, begin) or path.removeprefix(begin) in also:
            yield path, f"{mode},{sha}"


def _is_release(path: str, begin: str) -> bool:
    parts = path.removeprefix(begin).split("/")
    return len(parts) >= 4 and parts[0] == "models" and parts[2] == "releases"
