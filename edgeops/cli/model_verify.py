"""`edgeops model verify`."""

from __future__ import annotations

from typing import Annotated

import typer

from edgeops.cli.options import Output, OutputOption, argument
from edgeops.cli.settings import settings, show, workspace
from edgeops.errors import EdgeOpsError


def verify(
    context: typer.Context,
    releases: Annotated[
        list[str] | None,
        argument("Models or releases, as NAME or NAME@VERSION; all by default.", metavar="RELEASE"),
    ] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Read published artifacts again: are they still what their release files say?

    Looks at the copy in git, and at the store of the hub (--hub) or the URL of
    the release. Exit code 1: something changed, is missing, or cannot be
    reached.

    \b
    Examples:
      edgeops model verify
      edgeops model verify crowdedness-24h@1.0.0 --hub production
    """
    from edgeops.api import releases as api
    from edgeops.report import verify_text as report

    options = settings(context)
    rows = api.verify(workspace(options), releases or ())
    show(options, report, rows, output)
    if not all(row.good for row in rows):
        raise EdgeOpsError(report.summary(rows), report.hint(rows))
