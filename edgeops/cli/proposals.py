"""Changes of files as a pull request, for the workflows."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from edgeops.cli.settings import Settings, workspace
from edgeops.errors import EdgeOpsError

_MOST_BYTES = 64 * 1024 * 1024  # of one file in a pull request


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is proposed: `files` from the root of the fleet, None where one is removed.

    `text` gets the URL of that root in the new commit, below which files can be
    looked at. By `meaning` the same proposal is known again, whatever else is
    in the files; empty: by the files.
    """

    branch: str
    title: str
    text: Callable[[str], str]
    files: Mapping[str, bytes | None]
    meaning: str = ""

    @property
    def digest(self) -> str:
        """The same proposal has the same."""
        digest = hashlib.sha256(self.meaning.encode())
        if self.meaning:
            return digest.hexdigest()
        for path, data in sorted(self.files.items()):
            content = "removed" if data is None else hashlib.sha256(data).hexdigest()
            digest.update(f"{path}\0{content}\0".encode())
        return digest.hexdigest()


def propose(options: Settings, proposal: Proposal, check: str) -> str | None:
    """Push the branch, open its pull request or bring it up to date, and start a check on it.

    Gives the commit if it is a new one. `check` is the file name of a workflow,
    or empty. What somebody closed without merging is not proposed again. Raises
    `EdgeOpsError`.
    """
    from edgeops.github import proposal as github
    from edgeops.github.workflow import BOT, read_workflow
    from edgeops.report.markdown import link
    from edgeops.source.branch import Access, Author, commit_files, push_branch
    from edgeops.source.revision import resolve_commit
    from edgeops.source.root import folder_in_repository

    root, workflow = workspace(options).root, read_workflow(os.environ)
    api = workflow.api(os.environ.get("SSL_CERT_FILE") or None)
    pull = github.PullRequest(
        owner=workflow.repository.partition("/")[0],
        branch=proposal.branch,
        base=workflow.branch,
        title=proposal.title,
        digest=proposal.digest,
    )
    if url := github.declined(api, pull):
        options.note(f"{proposal.title}: not proposed again, it was closed: {url}")
        return None
    server = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
    author = Author(BOT, "41898282+github-actions[bot]@users.noreply.github.com")
    head = resolve_commit(root, "HEAD")
    made = commit_files(root, head, proposal.files, proposal.title, author)
    access = Access(server, workflow.token)
    commit, new = push_branch(root, made, proposal.branch, author, access)
    folder = f"{server}/{workflow.repository}/raw/{commit}/{folder_in_repository(root)}"
    done, url = github.propose(api, replace(pull, text=proposal.text(folder.rstrip("/"))))
    if check and (new or done is github.Proposed.OPENED):
        github.start(api, check, proposal.branch)
    workflow.summarize(f"\n{link(proposal.title, url)}: {done}.")
    options.note(f"{proposal.title}: {done}, {url}")
    return commit if new else None


def read_files(root: Path, paths: Iterable[str]) -> dict[str, bytes | None]:
    """What these files hold now; None for one that is gone. Raises `EdgeOpsError`."""
    return {path: _read(root, path) for path in paths}


def _read(root: Path, path: str) -> bytes | None:
    from edgeops.plain_file import is_absent, read_plain

    try:
        return read_plain(root, path, _MOST_BYTES)
    except OSError as error:
        if is_absent(error):
            return None
        raise EdgeOpsError(f"cannot read {path}: {error.strerror}", "") from error
