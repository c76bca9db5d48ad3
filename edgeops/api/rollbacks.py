"""Brings the fleet of an earlier commit back: in git first, then on the hub."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeops.api.plans import Planned, PlanRequest, Synced, plan, sync
from edgeops.api.workspace import Workspace

if TYPE_CHECKING:
    from edgeops.source.rollback import Branch


@dataclass(frozen=True, slots=True)
class Rollback:
    """A commit on top of a branch, with the fleet and the releases as at the commit `to`.

    Until the branch is moved there, nothing refers to the commit.
    """

    to: str
    commit: str
    branch: Branch


def prepare_rollback(workspace: Workspace, to: str) -> Rollback:
    """The commit that brings the fleet of a revision back; branch, index and files stay.

    fleet/ and schemas/ are as at the revision, and so are the releases that it had; newer ones
    stay. Raises `Refused` when no branch is checked out, these files are changed and not committed,
    or they are as at the revision already; `EdgeOpsError` for an unknown revision.
    """
    from edgeops.source.commits import subjects
    from edgeops.source.revision import resolve_commit
    from edgeops.source.rollback import checked_out, commit_as_at

    root = workspace.root
    branch, target = checked_out(root), resolve_commit(root, to)
    subject = subjects(root, [target]).get(target, "")
    message = (
        f"Roll back the fleet to {target[:7]}\n\n"
        f"fleet/, schemas/ and the releases that it had are as at {target}:\n{subject}\n"
    )
    return Rollback(target, commit_as_at(root, branch.commit, target, message), branch)


def plan_rollback(workspace: Workspace, rollback: Rollback) -> Planned:
    """The changes that the rollback would write to the hub; nothing is written. As `plan`."""
    return plan(workspace, PlanRequest(rev=rollback.commit))


def roll_back(
    workspace: Workspace,
    rollback: Rollback,
    *,
    before_writing: Callable[[Planned], None] = lambda _: None,
    stopping: Callable[[asyncio.Event], AbstractContextManager[None]] = lambda _: nullcontext(),
) -> Synced:
    """Move the branch to the commit, and make the hub agree with it, as `sync` does.

    `before_writing` gets the plan before anything has changed, and can raise to prevent it. Raises
    as `sync`, and `Refused` when the branch cannot be moved.
    """
    from edgeops.source.rollback import advance

    def move() -> None:
        advance(workspace.root, rollback.branch, rollback.commit)

    request = PlanRequest(rev=rollback.commit)
    # What would end the sync must not leave the branch ahead of the hub: so it moves at last.
    return sync(workspace, request, before_writing=before_writing, at_last=move, stopping=stopping)
