"""`edgeops rollback`: bring the fleet of an earlier commit back."""

from __future__ import annotations

from typing import Annotated

import typer

from edgeops import api
from edgeops.cli import synchronize as steps
from edgeops.cli.confirm import confirm_plan
from edgeops.cli.options import VerboseOption, YesOption, option
from edgeops.cli.settings import say, settings, workspace
from edgeops.cli.synchronize import Display
from edgeops.commit import short_commit
from edgeops.errors import UsageError


def rollback(
    context: typer.Context,
    to: Annotated[
        str, option("The git revision whose fleet comes back.", "--to", metavar="REV")
    ] = "",
    dry_run: Annotated[
        bool, option("Show the plan; change neither git nor the hub.", "--dry-run")
    ] = False,
    yes: YesOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Bring the fleet of an earlier commit back: commit it to the branch, and sync it.

    The new commit has fleet/, schemas/ and the releases as at REV; newer releases
    stay. The plan is shown, and after your consent the branch is moved and the
    commit is synced to the hub. If you decline, nothing has changed. Devices that
    git did not have then are not deleted: `edgeops sync --prune` does that.

    \b
    Examples:
      edgeops history --hub production
      edgeops rollback --hub production --to 1a2b3c4 --dry-run
      edgeops rollback --hub production --to HEAD~1

    \b
    Exit codes: 0 done, 1 error, 3 desired state invalid, 4 partly applied,
    5 refused, 130 interrupted.
    """
    if not to:
        raise UsageError(
            "--to is missing: the revision to go back to", "`edgeops history` lists commits"
        )
    where, display = workspace(context), Display(context, "text", verbose, None, None)
    prepared = api.prepare_rollback(where, to)
    if dry_run:
        planned = api.plan_rollback(where, prepared)
        display.plan(planned)
        raise typer.Exit(steps.exit_code(planned, detailed=False))

    def before(planned: api.Planned) -> None:
        display.plan(planned)
        confirm_plan(planned, yes=yes)

    done = api.roll_back(
        where,
        prepared,
        before_writing=before,
        stopping=api.stop_on_interrupt(settings(context).note),
    )
    display.outcomes(done)
    branch, commit = prepared.branch.name, short_commit(prepared.commit)
    say(f"the branch {branch} is at {commit} now: publish it with `git push origin {branch}`")
    raise typer.Exit(done.exit_code)
