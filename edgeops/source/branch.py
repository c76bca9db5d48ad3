"""Creates commits without touching the working tree, and pushes them to branches of the remote."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from edgeops.errors import EdgeOpsError, Refused
from edgeops.source.git import repository, run

if TYPE_CHECKING:
    from git import Repo

_REMOTE = "origin"


@dataclass(frozen=True, slots=True)
class Author:
    """The author and committer of commits."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class PushAccess:
    """The token that may push to repositories on a server, such as https://github.com."""

    server: str
    token: str = field(repr=False)


def commit_files(
    root: Path, base: str, files: Mapping[str, bytes | None], message: str, author: Author
) -> str:
    """The id of a new commit on `base` with the content of these files, by path from `root`.

    None removes a file. Raises `EdgeOpsError`.
    """
    with (
        repository(root) as (repo, prefix),
        tempfile.TemporaryDirectory(prefix="edgeops-") as folder,
    ):
        environ = {
            "GIT_INDEX_FILE": str(Path(folder, "index")),
            "GIT_AUTHOR_NAME": author.name,
            "GIT_AUTHOR_EMAIL": author.email,
            "GIT_COMMITTER_NAME": author.name,
            "GIT_COMMITTER_EMAIL": author.email,
        }
        run(repo, "read-tree", base, environ=environ)
        for path, data in files.items():
            place = f"{prefix}/{path}" if prefix else path
            if data is None:
                run(repo, "update-index", "--force-remove", "--", place, environ=environ)
            else:
                blob = _blob(repo, Path(folder, "blob"), data)
                entry = f"100644,{blob},{place}"
                run(repo, "update-index", "--add", "--cacheinfo", entry, environ=environ)
        tree = _text(run(repo, "write-tree", environ=environ))
        return _text(run(repo, "commit-tree", tree, "-p", base, "-m", message, environ=environ))


def push_branch(
    root: Path, commit: str, branch: str, author: Author, access: PushAccess
) -> tuple[str, bool]:
    """Point a branch of the remote at a commit; returns its commit, and whether that is new.

    A commit on the branch that has the same files is kept. Raises `Refused` when the last commit
    there is by another author, whose work would be lost; `EdgeOpsError` when git fails.
    """
    ref = f"refs/heads/{branch}"
    with repository(root) as (repo, _):
        environ = _authorized(repo, access)
        tip = _text(run(repo, "ls-remote", _REMOTE, ref, environ=environ)).partition("\t")[0]
        if tip:
            run(repo, "fetch", "--quiet", "--depth=1", "--no-tags", _REMOTE, ref, environ=environ)
            if _show(repo, tip, "%T") == _show(repo, commit, "%T"):
                return tip, False
            if _show(repo, tip, "%ce") != author.email:
                raise Refused(
                    f"the last commit of the branch {branch} is not by {author.name}",
                    "merge or close its pull request, then delete the branch",
                )
        lease = f"--force-with-lease={ref}:{tip}"
        run(
            repo, "push", "--quiet", "--no-verify", lease, _REMOTE, f"{commit}:{ref}",
            environ=environ,
        )  # fmt: skip
    return commit, True


def _authorized(repo: Repo, access: PushAccess) -> dict[str, str]:
    """The environment that lets git push to the remote; the token is never on a command line."""
    try:
        url = repo.remote(_REMOTE).url
    except ValueError as error:
        raise EdgeOpsError(
            f"the repository has no remote `{_REMOTE}`", "clone it from its server"
        ) from error
    quiet = {"GIT_TERMINAL_PROMPT": "0"}
    if not url.startswith(f"{access.server}/"):
        return quiet
    login = base64.b64encode(f"x-access-token:{access.token}".encode()).decode()
    return quiet | {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "http.extraHeader",
        "GIT_CONFIG_VALUE_0": f"Authorization: Basic {login}",
    }


def _blob(repo: Repo, scratch: Path, data: bytes) -> str:
    scratch.write_bytes(data)
    return _text(run(repo, "hash-object", "-w", "--no-filters", "--", str(scratch)))


def _show(repo: Repo, commit: str, form: str) -> str:
    return _text(run(repo, "show", "--no-patch", f"--format={form}", commit))


def _text(output: bytes) -> str:
    return output.decode().strip()
