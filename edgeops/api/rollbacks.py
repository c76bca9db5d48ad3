"""Brings the fleet of an earlier commit back: in git first, then on the hub."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeops.api.planned import Planned, PlanRequest, Synced
from edgeops.api.plans import plan, sync
from edgeops.api.workspace import Workspace
from edgeops.commit import short_commit
from edgeops.errors import Refused

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
    from edgeops.source.commits import found_commits
    from edgeops.source.revision import resolve_commit
    from edgeops.source.rollback import checked_out, commit_as_at

    root = workspace.root
    branch, target = checked_out(root), resolve_commit(root, to)
    subject = found_commits(root, [target])[target].subject
    message = (
        f"Roll back the fleet to {short_commit(target)}\n\n"
        f"fleet/, schemas/ and the releases that it had are as at {target}:\n{subject}\n"
    )
    then = workspace.at(target).catalog.fleet
    keys = then.spec.trust or () if then else ()
    return Rollback(target, commit_as_at(root, branch.commit, target, message, keys), branch)


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
    as `sync`, and `Refused` when the branch cannot be moved, or every device would be refused.
    """
    from edgeops.source.rollback import advance

    def before(planned: Planned) -> None:
        _check_use(planned, rollback)
        before_writing(planned)

    def move() -> None:
        advance(workspace.root, rollback.branch, rollback.commit)

    request = PlanRequest(rev=rollback.commit)
    # What would end the sync must not leave the branch ahead of the hub: so it moves at last.
    return sync(workspace, request, before_writing=before, at_last=move, stopping=stopping)


def _check_use(planned: Planned, rollback: Rollback) -> None:
    """Raise `Refused` if no device would follow git: such as one of a fleet with another uid."""
    plan = planned.plan
    refused = [each for each in plan.refusals if not each.partly and each.overlap is None]
    if refused and not plan.changes and len(refused) == plan.devices:
        first, at = refused[0], short_commit(rollback.to)
        raise Refused(
            f"every device would be refused by the fleet at {at}: {first.device} {first.reason}",
            f"nothing has changed; `git checkout {at} -- fleet` brings the files"
            " back, to be edited and committed by hand",
        )
