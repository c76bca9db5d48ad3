"""`edgeops plan` and `edgeops diff`: the dry run of a sync, by the names that people try."""

from __future__ import annotations

from typing import Annotated

import typer

from edgeops.cli import sync as of_sync
from edgeops.cli.options import DocumentOption, TargetOption, VerboseOption, option


def plan(
    context: typer.Context,
    rev: of_sync.SyncedRevisionOption = "HEAD",
    target: TargetOption = None,
    prune: of_sync.PruneOption = False,
    drift_only: of_sync.DriftOnlyOption = False,
    create: of_sync.CreateOption = None,
    detailed_exitcode: Annotated[bool, option("Exit 2 on changes.", "--detailed-exitcode")] = False,
    out: of_sync.OutOption = None,
    changed_since: of_sync.ChangedSinceOption = None,
    since_last: of_sync.SinceLastOption = False,
    offline: of_sync.OfflineOption = False,
    rehearse: of_sync.RehearseOption = False,
    summary: of_sync.SummaryOption = None,
    output: DocumentOption = "text",
    verbose: VerboseOption = False,
) -> None:
    """Show what a sync would change; the same as `sync --dry-run`.

    \b
    Examples:
      edgeops plan --hub production
      edgeops plan --prune --out plan.json && edgeops sync --plan plan.json
      edgeops diff --offline --changed-since origin/main

    Exit codes: as of `sync`.
    """
    of_sync.sync(
        context,
        dry_run=True,
        rev=rev,
        target=target,
        prune=prune,
        drift_only=drift_only,
        create=create,
        detailed_exitcode=detailed_exitcode,
        out=out,
        changed_since=changed_since,
        since_last=since_last,
        offline=offline,
        rehearse=rehearse,
        summary=summary,
        output=output,
        verbose=verbose,
    )


diff = plan
