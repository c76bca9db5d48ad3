"""`edgeops status`: in sync, connected, healthy?"""

from __future__ import annotations

from typing import Annotated

import typer

from edgeops.cli.options import Output, OutputOption, option
from edgeops.cli.settings import settings, show, workspace


def status(
    context: typer.Context,
    group: Annotated[
        str | None, option("Only the devices of this group.", "--group", "-g", metavar="NAME")
    ] = None,
    rev: Annotated[str, option("The git revision to compare with.", metavar="REV")] = "HEAD",
    wait: Annotated[bool, option("Wait until all are in sync and Converged.", "--wait")] = False,
    timeout: Annotated[float, option("How long --wait waits.", metavar="SECONDS", min=0)] = 300,
    output: OutputOption = Output.TEXT,
) -> None:
    """Show for every device: in sync with git? connected? healthy, or why not?

    \b
    Health, from what devices report:
      Converged    it runs what git says
      Progressing  connected, and on its way
      Degraded     it reported an error
      Offline      not connected, and not there yet
      Unknown      it never connected

    \b
    Examples:
      edgeops status
      edgeops status --group canary --wait --timeout 600
      edgeops status -o json
    """
    from edgeops.api.statuses import status as ask
    from edgeops.report import status_text

    options = settings(context)
    rows = ask(workspace(options), rev=rev, group=group, wait=timeout if wait else None)
    show(options, status_text, rows, output)
