"""`edgeops sync`: make the hub agree with git, or show what that would change."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeops import api
from edgeops.cli import synchronize as steps
from edgeops.cli.options import (
    DocumentOption,
    TargetOption,
    TimeoutOption,
    VerboseOption,
    YesOption,
    option,
)
from edgeops.cli.settings import settings
from edgeops.errors import EdgeOpsError, UsageError

SyncedRevisionOption = Annotated[str, option("The git revision to sync.", metavar="REV")]
PruneOption = Annotated[bool, option("Delete devices that are no longer in git.", "--prune")]
DriftOnlyOption = Annotated[
    bool, option("Only undo changes that others made on the hub.", "--drift-only")
]
CreateOption = Annotated[
    bool | None,
    option("Create missing devices; default: as the Fleet says.", "--create/--no-create"),
]
OutOption = Annotated[Path | None, option("Save the plan, for --plan.", metavar="FILE")]
# Those of a dry run only; `plan` has them, too.
ChangedSinceOption = Annotated[
    str | None,
    option("In a dry run: only devices that differ from this revision.", metavar="REV"),
]
SinceLastOption = Annotated[
    bool, option("Only devices that git changed since the last complete sync.", "--since-last")
]
OfflineOption = Annotated[
    bool, option("With --changed-since: compare revisions without a hub.", "--offline")
]
RehearseOption = Annotated[
    bool, option("Read and write the local clone of --hub in its place.", "--rehearse")
]
SummaryOption = Annotated[
    Path | None, option("In a dry run: append the plan as Markdown.", metavar="FILE")
]


def sync(
    context: typer.Context,
    dry_run: Annotated[bool, option("Show the plan; write nothing.", "--dry-run")] = False,
    rev: SyncedRevisionOption = "HEAD",
    target: TargetOption = None,
    prune: PruneOption = False,
    drift_only: DriftOnlyOption = False,
    create: CreateOption = None,
    detailed_exitcode: Annotated[
        bool, option("With --dry-run: exit 2 on changes.", "--detailed-exitcode")
    ] = False,
    out: OutOption = None,
    plan: Annotated[
        Path | None, option("Apply this saved plan; refused if it is stale.", metavar="FILE")
    ] = None,
    changed_since: ChangedSinceOption = None,
    since_last: SinceLastOption = False,
    offline: OfflineOption = False,
    rehearse: RehearseOption = False,
    yes: YesOption = False,
    wait: Annotated[bool, option("Wait until the devices have converged.", "--wait")] = False,
    timeout: TimeoutOption = 300,
    summary: SummaryOption = None,
    output: DocumentOption = "text",
    verbose: VerboseOption = False,
) -> None:
    """Make the twins on the hub match the committed desired state.

    Reads the twins, compares them with git, and sends the smallest patches,
    each guarded by its etag. Only values that are in git or were written by
    edgeops change; running it again writes nothing. --changed-since main... compares
    with the commit at which this branch left main. --since-last reads only what git
    changed since the last complete sync that the hub has a record of; changes that
    others made on the hub are found by a sync without it.

    On a terminal it asks before it writes to a hub other than `local`, and wants the
    name of the hub typed before identities are deleted; --yes and --plan do not ask,
    nor does --rehearse.

    \b
    Examples:
      edgeops sync --dry-run
      edgeops sync --hub production --target ring=canary
      edgeops sync --dry-run --out plan.json && edgeops sync --plan plan.json
      edgeops hub clone --from production && edgeops sync --hub production --rehearse
      edgeops sync --dry-run --offline --changed-since origin/main -o markdown

    \b
    Exit codes: 0 done, 1 error, 2 changes pending (--detailed-exitcode),
    3 desired state invalid, 4 partly applied, 5 refused, 130 interrupted.
    """
    only_dry = (changed_since, offline, detailed_exitcode, summary)
    for flag, used in zip(_ONLY_DRY, only_dry, strict=True):
        if used and not dry_run:
            raise UsageError(f"{flag} needs --dry-run")
    if offline and not changed_since:
        raise UsageError("--offline needs --changed-since REV: the revision to compare with")
    if dry_run and (plan or wait):
        raise UsageError("--dry-run writes nothing; it cannot be combined with --plan or --wait")
    if plan and (target or prune or drift_only or out):
        raise UsageError("--plan cannot be combined with --target, --prune, --drift-only or --out")
    if since_last and (plan or target or drift_only or changed_since):
        raise UsageError(
            "--since-last cannot be combined with --plan, --target, --drift-only or --changed-since"
        )
    if drift_only and (prune or offline):
        raise UsageError("--drift-only cannot be combined with --prune or --offline")
    from edgeops.api.workspace import LOCAL

    if rehearse and (settings(context).hub == LOCAL or wait or offline):
        raise UsageError(
            "--rehearse needs --hub NAME, and goes neither with --wait nor with --offline",
            "`edgeops hub clone` makes the clone of a hub to rehearse on; its devices do not run",
        )
    request = api.PlanRequest(
        rev=rev,
        targets=tuple(target or ()),
        prune=prune,
        drift_only=drift_only,
        create=create,
        changed_since=changed_since,
        offline=offline,
        since_last=since_last,
    )
    display = steps.Display(context, output, verbose, out, summary, rehearse)
    try:
        if dry_run:
            planned = steps.dry_run(display, request)
        else:
            code = steps.write(display, plan or request, timeout if wait else None, yes=yes)
    except EdgeOpsError as error:
        display.failure(error)
        raise
    if dry_run:  # an error from here on is part of the plan that was shown
        code = steps.exit_code(planned, detailed=detailed_exitcode)
    raise typer.Exit(code)


_ONLY_DRY = ("--changed-since", "--offline", "--detailed-exitcode", "--summary")
