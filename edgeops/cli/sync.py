"""`edgeops sync`: make the hub agree with git, or show what that would change."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeops.cli.options import Document, DocumentOption, option
from edgeops.cli.settings import settings
from edgeops.errors import EdgeOpsError, UsageError


def sync(
    context: typer.Context,
    dry_run: Annotated[bool, option("Show the plan; write nothing.", "--dry-run")] = False,
    rev: Annotated[str, option("The git revision to sync.", metavar="REV")] = "HEAD",
    target: Annotated[
        list[str] | None,
        option(
            "Only this device, or devices with this label (key=value); repeatable.",
            metavar="TARGET",
        ),
    ] = None,
    prune: Annotated[bool, option("Delete devices that are no longer in git.", "--prune")] = False,
    drift_only: Annotated[
        bool,
        option(
            "Only put back what others changed on the hub; what git changed since waits.",
            "--drift-only",
        ),
    ] = False,
    create: Annotated[
        bool | None,
        option(
            "Create missing devices; default: createDevices of the hub, yes for local.",
            "--create/--no-create",
            show_default=False,
        ),
    ] = None,
    detailed_exitcode: Annotated[
        bool, option("With --dry-run: exit 2 on changes.", "--detailed-exitcode")
    ] = False,
    out: Annotated[
        Path | None, option("Save the plan as JSON, for --plan later.", metavar="FILE")
    ] = None,
    plan: Annotated[
        Path | None,
        option("Execute exactly this saved plan, or refuse if it is stale.", metavar="FILE"),
    ] = None,
    changed_since: Annotated[
        str | None,
        option(
            "With --dry-run: only devices that differ from this revision; `main...` is where"
            " this branch left main.",
            metavar="REV",
        ),
    ] = None,
    offline: Annotated[
        bool, option("With --dry-run and --changed-since: git against git, no hub.", "--offline")
    ] = False,
    wait: Annotated[bool, option("Then wait until the devices have converged.", "--wait")] = False,
    timeout: Annotated[float, option("How long --wait waits.", metavar="SECONDS", min=0)] = 300,
    summary: Annotated[
        Path | None,
        option(
            "With --dry-run: append the plan as Markdown, for GITHUB_STEP_SUMMARY.", metavar="FILE"
        ),
    ] = None,
    output: DocumentOption = Document.TEXT,
    verbose: Annotated[bool, option("Every device and value in full.", "--verbose", "-v")] = False,
) -> None:
    """Make the twins on the hub agree with what is committed.

    Reads the twins, compares them with git, and sends the smallest patches,
    each guarded by its etag. Touches only what git names or edgeops wrote
    before; running it again writes nothing.

    \b
    Examples:
      edgeops sync --dry-run
      edgeops sync --hub production --target ring=canary
      edgeops sync --dry-run --out plan.json && edgeops sync --plan plan.json
      edgeops sync --dry-run --offline --changed-since origin/main -o markdown

    \b
    Exit codes: 0 done, 1 error, 2 changes pending (--detailed-exitcode),
    3 desired state invalid, 4 partly applied, 5 refused, 130 interrupted.
    """
    from edgeops.api.plans import PlanRequest
    from edgeops.cli import synchronize as steps

    request = PlanRequest(
        rev=rev,
        targets=tuple(target or ()),
        prune=prune,
        drift_only=drift_only,
        create=create,
        changed_since=changed_since,
        offline=offline,
    )
    only_dry = (changed_since, offline, detailed_exitcode, summary)
    if not dry_run:
        for flag, used in zip(_ONLY_DRY, only_dry, strict=True):
            if used:
                raise UsageError(f"{flag} needs --dry-run")
    if offline and not changed_since:
        raise UsageError("--offline needs --changed-since REV: the revision to compare with")
    if dry_run and (plan or wait):
        raise UsageError("--dry-run writes nothing; it goes with neither --plan nor --wait")
    if plan and (target or prune or drift_only or out):
        raise UsageError("--plan takes --target, --prune and --drift-only from the saved plan")
    if drift_only and (prune or offline):
        raise UsageError("--drift-only goes with neither --prune nor --offline")
    told = steps.Told(settings(context), output, verbose, out, summary)
    try:
        if dry_run:
            code = steps.dry_run(told, request, detailed=detailed_exitcode)
        else:
            code = steps.write(told, plan or request, timeout if wait else None)
    except EdgeOpsError as error:
        told.failure(error)
        raise
    raise typer.Exit(code)


_ONLY_DRY = ("--changed-since", "--offline", "--detailed-exitcode", "--summary")
