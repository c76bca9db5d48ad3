"""One commit -> Snapshot."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from edgeops.commit import short_commit
from edgeops.errors import EdgeOpsError
from edgeops.fleet.memo import Memo
from edgeops.fleet.model import Problem, Snapshot
from edgeops.fleet.yaml import MAX_BYTES, too_large
from edgeops.source.git import GitFailed, repository, run
from edgeops.source.layout import (
    FOLDERS,
    detour_problem,
    name_problem,
    no_fleet,
    role,
    unread_problem,
)
from edgeops.source.listing import Listing
from edgeops.source.read import MAX_KEY_BYTES
from edgeops.source.state import committed_state, is_state_name

if TYPE_CHECKING:
    from git import Repo

_DETOURS = {"120000": "a symbolic link", "160000": "a submodule"}


def load_revision(root: Path, rev: str, cache: Memo | None = None) -> Snapshot:
    """The snapshot of a commit: its manifests and its schemas; the working tree is not read.

    Raises `EdgeOpsError` when there is no repository, no such revision, or no
    fleet/ folder in it.
    """
    return list_revision(root, rev).snapshot(cache)


def list_revision(root: Path, rev: str) -> Listing:
    """The files of a commit, as `load_revision` reads them."""
    blobs: dict[str, str] = {}
    refused: list[Problem] = []
    with repository(root) as (repo, prefix):
        commit = _commit(repo, rev)
        _refuse_state(repo, commit, prefix)
        entries = list(_tree(repo, commit, prefix))
    if not any(name.startswith("fleet/") for _, _, _, name in entries):
        raise no_fleet(f"{prefix or 'the repository'} at {short_commit(commit)}")
    for mode, sha, size, name in entries:
        is_read = role(name) is not None
        if problem := _refusal(mode, size, name, is_read=is_read):
            refused.append(problem)
        elif is_read:
            blobs[name] = sha
    objects = _Objects(root, commit, blobs)
    return Listing(commit, blobs, tuple(refused), objects.read, objects.read_key)


class _Objects:
    """Reads objects of a commit; opens the repository for the first one in each process.

    Forks would get each other's objects from one process of git.
    """

    def __init__(self, root: Path, commit: str, blobs: Mapping[str, str]) -> None:
        self._root = root
        self._commit = commit
        self._blobs = blobs
        self._open = ExitStack()
        self._repositories: dict[int, tuple[Repo, str]] = {}  # kept: one that is closed ends git

    def read(self, name: str) -> bytes:
        """The content of a file."""
        repo, _ = self._opened()
        return _read(repo, self._blobs[name], name)

    def read_key(self, name: str) -> bytes:
        """The content of a key file. Raises `OSError`."""
        repo, prefix = self._opened()
        return _read_key(repo, self._commit, prefix, name)

    def _opened(self) -> tuple[Repo, str]:
        process = os.getpid()
        if process not in self._repositories:
            self._repositories[process] = self._open.enter_context(repository(self._root))
        return self._repositories[process]


def resolve_commit(root: Path, rev: str) -> str:
    """The full id of the commit that a revision names. Raises `EdgeOpsError`."""
    with repository(root) as (repo, _):
        return _commit(repo, rev)


def head_commit(root: Path) -> str | None:
    """The checked-out commit; None outside git, and before the first commit."""
    try:
        return resolve_commit(root, "HEAD")
    except EdgeOpsError:
        return None


def uncommitted(root: Path) -> tuple[str, ...]:
    """The uncommitted files, changed or untracked, relative to `root`, sorted.

    Only those in the folders that edgeops reads. Raises `EdgeOpsError` when
    there is no repository.
    """
    with repository(root) as (repo, prefix):
        folders = [f":(top,literal){_begin(prefix)}{folder}" for folder in FOLDERS]
        options = ("--porcelain=v1", "-z", "--untracked-files=all", "--no-renames")
        output = run(repo, "status", *options, "--", *folders)
        return tuple(sorted(_from_root(prefix, (entry[3:] for entry in output.split(b"\0")))))


def changed_since(root: Path, rev: str) -> tuple[str, ...] | None:
    """The files that differ between a revision and HEAD, relative to `root`; None if unknown.

    Unknown means that the revision does not exist here: for a new branch GitHub names the commit
    000..., and a forced push removes commits. Raises `EdgeOpsError` when there is no repository.
    """
    head = resolve_commit(root, "HEAD")
    try:
        since = resolve_commit(root, rev)
    except EdgeOpsError:
        return None
    with repository(root) as (repo, prefix):
        output = run(repo, "diff", "--name-only", "--no-renames", "-z", since, head)
        return tuple(_from_root(prefix, output.split(b"\0")))


def _begin(prefix: str) -> str:
    """What the paths of files below the root begin with in git."""
    return f"{prefix}/" if prefix else ""


def _from_root(prefix: str, paths: Iterable[bytes]) -> Iterator[str]:
    """Those paths of git that are below the root, relative to it."""
    for path in filter(None, paths):
        name = os.fsdecode(path)
        if name.startswith(_begin(prefix)):
            yield name.removeprefix(_begin(prefix))


def _commit(repo: Repo, rev: str) -> str:
    if not rev or rev.startswith(("-", "^")):  # git would read an option, or an exclusion
        raise EdgeOpsError(f"`{rev}` is not a revision", "name a branch, tag or commit")
    if rev.endswith("...") and len(rev) > 3:  # as in `git diff main...`
        return _left(repo, rev.removesuffix("..."))
    try:
        return run(repo, "rev-parse", "--verify", f"{rev}^{{commit}}").decode().strip()
    except GitFailed as error:
        if error.hint:  # the cause is known, and is not the revision
            raise
        if not _has_head(repo):
            raise EdgeOpsError(
                "the repository has no commits yet", "commit fleet/ first"
            ) from error
        shallow = run(repo, "rev-parse", "--is-shallow-repository").strip() == b"true"
        raise EdgeOpsError(
            f"unknown revision `{rev}`",
            "this clone is shallow: `git fetch --unshallow`, or `fetch-depth: 0` in a workflow"
            if shallow
            else "name a branch, tag or commit; `git log --oneline` lists commits",
        ) from error


def _left(repo: Repo, rev: str) -> str:
    """The merge base of HEAD and a revision."""
    commits = _commit(repo, "HEAD"), _commit(repo, rev)
    try:
        return run(repo, "merge-base", *commits).decode().strip()
    except GitFailed as error:
        raise EdgeOpsError(
            f"HEAD and `{rev}` have no commit in common",
            "is the clone shallow? `git fetch --unshallow`, or `fetch-depth: 0` in a workflow",
        ) from error


def _has_head(repo: Repo) -> bool:
    try:
        run(repo, "rev-parse", "--verify", "HEAD")
    except GitFailed:
        return False
    return True


def _tree(repo: Repo, commit: str, prefix: str) -> Iterator[tuple[str, str, str, str]]:
    """Mode, object id, size (`-` if none) and path below the root of each entry in our folders."""
    tree = f"{commit}:{prefix}"
    try:
        output = run(repo, "ls-tree", "-r", "-z", "-l", "--full-tree", tree, *FOLDERS)
    except GitFailed as error:
        if not prefix:
            raise
        raise no_fleet(f"{prefix} at {short_commit(commit)}") from error
    for entry in os.fsdecode(output).split("\0"):
        if entry:
            attributes, _, name = entry.partition("\t")
            mode, _, sha, size = attributes.split()
            yield mode, sha, size, name


def _refuse_state(repo: Repo, commit: str, prefix: str) -> None:
    """Raise `Refused` when a checkout of this commit would bring a state folder along."""
    with suppress(GitFailed):  # a missing folder is reported later
        listed = run(repo, "ls-tree", "-z", "--name-only", "--full-tree", f"{commit}:{prefix}")
        for name in map(os.fsdecode, listed.split(b"\0")):
            if is_state_name(name):
                raise committed_state(name, f"committed at {short_commit(commit)}")


def _refusal(mode: str, size: str, name: str, *, is_read: bool) -> Problem | None:
    """The problem of an entry that is not read, though its name says that it should be."""
    if mode in _DETOURS:
        return detour_problem(name, _DETOURS[mode])
    if not is_read:
        return unread_problem(name)
    if badly_named := name_problem(name):
        return badly_named
    if not size.isdigit():  # the object is missing or is not a file
        raise _damaged(name)
    if int(size) > MAX_BYTES:
        return too_large(name, int(size))
    return None


def _read_key(repo: Repo, commit: str, prefix: str, name: str) -> bytes:
    """The key file at a path below the root. Raises `OSError`."""
    path = f":(top,literal){_begin(prefix)}{name}"
    output = run(repo, "ls-tree", "-z", "-l", "--full-tree", commit, "--", path)
    mode, _, sha, size = output.partition(b"\t")[0].decode().split() if output else [""] * 4
    if not mode:
        raise FileNotFoundError(errno.ENOENT, "there is no such file at this commit")
    if mode in _DETOURS:
        raise OSError(errno.ELOOP, f"{name} is {_DETOURS[mode]}")
    if not size.isdigit():
        raise OSError(errno.EINVAL, f"{name} is a folder, not a file")
    if int(size) > MAX_KEY_BYTES:
        raise OSError(errno.EFBIG, f"it is {size} bytes; at most {MAX_KEY_BYTES:,} are allowed")
    return _read(repo, sha, name)


def _read(repo: Repo, sha: str, name: str) -> bytes:
    try:
        return bytes(repo.git.get_object_data(sha)[3])
    except ValueError as error:
        raise _damaged(name) from error


def _damaged(name: str) -> EdgeOpsError:
    return EdgeOpsError(
        f"git cannot read {name}", "the clone is damaged: see `git fsck`, or clone again"
    )
