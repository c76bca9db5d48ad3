"""Runs git commands; their failures become errors that say what to do."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, BinaryIO

from edgeops.errors import EdgeOpsError

if TYPE_CHECKING:
    from git import Repo


class GitFailed(EdgeOpsError):
    """A git command failed; the hint is empty when the cause is unknown."""


@contextmanager
def repository(root: Path) -> Iterator[tuple[Repo, str]]:
    """The git repository around `root`, and the path of `root` in it (`""` at its top).

    Raises `EdgeOpsError` when there is none, or git is not installed.
    """
    try:
        from git import Repo
        from git.exc import GitError, InvalidGitRepositoryError
    except ImportError as error:  # GitPython looks for the git command on import
        raise EdgeOpsError("the git command was not found", "install git") from error
    try:
        repo = Repo(root, search_parent_directories=True)
    except (InvalidGitRepositoryError, GitError, OSError) as error:
        raise EdgeOpsError(
            f"{root} is not in a git repository",
            "run `git init` and commit the manifests; `edgeops validate` works without git",
        ) from error
    with repo:
        if repo.working_tree_dir is None:
            raise EdgeOpsError(f"{root} is a bare git repository", "clone it and use the clone")
        prefix = root.resolve().relative_to(Path(repo.working_tree_dir).resolve()).as_posix()
        yield repo, "" if prefix == "." else prefix


def run(
    repo: Repo,
    *arguments: str,
    environ: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    config: Mapping[str, str] | None = None,
    apart: bool = False,
) -> bytes:
    """The output of a git command, which runs no hooks.

    `environ` is added to its environment, `config` to the settings of git. Ctrl-C does not reach a
    command `apart`, which therefore never stops half-way. Raises `GitFailed`.
    """
    from git.exc import GitCommandError

    config = {"core.hooksPath": os.devnull, **(config or {})}
    settings = [word for key, value in config.items() for word in ("-c", f"{key}={value}")]
    try:
        with _file_of(stdin) as given:
            output = repo.git.execute(
                ["git", *settings, *arguments],
                istream=given,
                stdout_as_string=False,
                strip_newline_in_stdout=False,
                env={"GIT_OPTIONAL_LOCKS": "0", **(environ or {})},
                start_new_session=apart,
            )
    except GitCommandError as error:
        raise GitFailed(
            f"git {arguments[0]} failed: {_reason(error.stderr)}", _hint(error.stderr)
        ) from error
    assert isinstance(output, bytes)
    return output


@contextmanager
def _file_of(data: bytes) -> Iterator[BinaryIO | None]:
    """A file with these bytes; None for none. A pipe could fill up before git reads it."""
    if not data:
        yield None
        return
    with TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        yield file


def _reason(stderr: str) -> str:
    lines = stderr.removeprefix("\n  stderr: ").strip(" '\n").splitlines()
    return lines[0] if lines else "no reason given"


def _hint(stderr: str) -> str:
    if "dubious ownership" in stderr:
        return "the folder belongs to another user: git config --global --add safe.directory DIR"
    return ""
