"""Opens pull requests from a workflow for changes of a fleet repository."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from edgeops.api.promotions import decide_next, edit, read_valid
from edgeops.api.workspace import Workspace
from edgeops.errors import UsageError
from edgeops.translate import doing

if TYPE_CHECKING:
    from edgeops.api.workspace import Revision
    from edgeops.github.workflow import Workflow
    from edgeops.promotion.change import ManifestChange
    from edgeops.promotion.decide import Decision
    from edgeops.release import ModelRelease

Files = Mapping[str, bytes | None]
_MOST_BYTES = 64 * 1024 * 1024  # of one file in a pull request


@dataclass(frozen=True, slots=True)
class Proposal:
    """A pull request to open: `files` by path from the root of the fleet, None for a removed one.

    `text` gets the URL of that root in the new commit, for links to files.
    `meaning` identifies the proposal, whatever its files contain; if it is empty,
    the files identify it.
    """

    branch: str
    title: str
    text: Callable[[str], str]
    files: Files
    meaning: str = ""

    @property
    def digest(self) -> str:
        """The identity of the proposal."""
        digest = hashlib.sha256(self.meaning.encode())
        if self.meaning:
            return digest.hexdigest()
        for path, data in sorted(self.files.items()):
            content = "removed" if data is None else hashlib.sha256(data).hexdigest()
            digest.update(f"{path}\0{content}\0".encode())
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Proposed:
    """A pull request: `opened`, `updated`, `unchanged`, or `declined` (closed without merging).

    `commit` is the head of its branch, if that is new.
    """

    title: str
    how: str
    url: str
    commit: str | None = None


@dataclass(frozen=True, slots=True)
class NewRelease:
    """A new release: the changes for the first ring, or the reason why there are none.

    `added` are the paths of the release; `files` are all files of the proposal.
    """

    release: ModelRelease
    changes: tuple[ManifestChange, ...]
    why_not: str
    added: tuple[str, ...]
    files: Files


@dataclass(frozen=True, slots=True)
class NextPromotion:
    """The decision for a value, with the changes and files that it needs."""

    decision: Decision
    changes: tuple[ManifestChange, ...]
    files: Files


def uncommitted_files(workspace: Workspace) -> Files:
    """The uncommitted files in fleet/, models/ and schemas/. Raises `EdgeOpsError`."""
    from edgeops.source.revision import uncommitted

    return _read(workspace.root, uncommitted(workspace.root))


def new_release(workspace: Workspace, reference: str) -> NewRelease:
    """The proposal for a new release (`name@version`).

    Raises `UsageError` if it is not in models/, and `InvalidFleet`.
    """
    from edgeops.promotion.change import entry
    from edgeops.source.revision import uncommitted

    tree = read_valid(workspace)
    if reference not in tree.catalog.releases:
        raise UsageError(f"there is no release `{reference}` in models/", "publish it first")
    release = tree.catalog.releases[reference].spec
    first, why_not = entry(tree.catalog, release.name, reference)
    changes = (first,) if first else ()
    folder = f"models/{release.name}/releases/"
    added = tuple(path for path in uncommitted(workspace.root) if path.startswith(folder))
    files = {**_read(workspace.root, added), **_edited(tree, changes)}
    return NewRelease(release, changes, why_not, added, files)


def next_promotions(workspace: Workspace) -> tuple[NextPromotion, ...]:
    """The edits of `promote_values` for each value, with Degraded ones reverted.

    Empty, with a note, if no group is a ring. Raises as `promote_values`.
    """
    from edgeops.promotion.change import changes_of
    from edgeops.promotion.rings import declared, ring_groups

    tree = read_valid(workspace)
    if not ring_groups(tree.catalog):
        workspace.observer.note("no group is a ring: set `rollout` under `spec` of groups")
        return ()
    promotions = []
    for decision in decide_next(tree, declared(tree.catalog)):
        changes = tuple(changes_of(tree.catalog, decision, revert=True))
        promotions.append(NextPromotion(decision, changes, _edited(tree, changes)))
    return tuple(promotions)


def propose(
    workspace: Workspace, workflow: Workflow, proposal: Proposal, *, check: str = ""
) -> Proposed:
    """Push the branch, open or update its pull request, and start a check on it.

    `check` is the file name of a workflow, or empty. A proposal that was closed
    without merging is not opened again. Raises `EdgeOpsError`.
    """
    from edgeops.github import proposal as github
    from edgeops.github.workflow import BOT
    from edgeops.source.branch import Author, PushAccess, commit_files, push_branch
    from edgeops.source.revision import resolve_commit
    from edgeops.source.root import folder_in_repository

    root, api = workspace.root, workflow.api()
    pull = github.PullRequest(
        owner=workflow.repository.partition("/")[0],
        branch=proposal.branch,
        base=workflow.branch,
        title=proposal.title,
        digest=proposal.digest,
    )
    if url := github.declined(api, pull):
        return Proposed(proposal.title, "declined", url)
    author = Author(BOT, "41898282+github-actions[bot]@users.noreply.github.com")
    head = resolve_commit(root, "HEAD")
    proposed = commit_files(root, head, proposal.files, proposal.title, author)
    access = PushAccess(workflow.server, workflow.token)
    commit, new = push_branch(root, proposed, proposal.branch, author, access)
    base = f"{workflow.server}/{workflow.repository}/raw/{commit}/{folder_in_repository(root)}"
    done, url = github.propose(api, replace(pull, text=proposal.text(base.rstrip("/"))))
    if check and (new or done is github.PullRequestOutcome.OPENED):
        github.start(api, check, proposal.branch)
    return Proposed(proposal.title, done.value, url, commit if new else None)


def _edited(tree: Revision, changes: tuple[ManifestChange, ...]) -> dict[str, bytes]:
    texts = edit(tree, changes, dry_run=True) if changes else {}
    return {file: after.encode() for file, (_, after) in texts.items()}


def _read(root: Path, paths: Iterable[str]) -> dict[str, bytes | None]:
    """The content of these files, None for a missing one. Raises `EdgeOpsError`."""
    from edgeops.plain_file import is_absent, read_plain

    contents: dict[str, bytes | None] = {}
    for path in paths:
        with doing(f"read {path}"):
            try:
                contents[path] = read_plain(root, path, _MOST_BYTES)
            except OSError as error:
                if not is_absent(error):
                    raise
                contents[path] = None
    return contents
