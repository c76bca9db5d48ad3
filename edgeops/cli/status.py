"""`edgeops status`: sync, connection and health of every device."""

from __future__ import annotations

from typing import Annotated

import typer

from edgeops import api, report
from edgeops.cli.options import OutputOption, TimeoutOption, option
from edgeops.cli.settings import show, workspace


def status(
    context: typer.Context,
    group: Annotated[
        str | None, option("Only the devices of this group.", "--group", "-g", metavar="NAME")
    ] = None,
    rev: Annotated[str, option("The git revision to compare with.", metavar="REV")] = "HEAD",
    wait: Annotated[
        bool, option("Wait until all devices are in sync and have converged.", "--wait")
    ] = False,
    timeout: TimeoutOption = 300,
    output: OutputOption = "text",
) -> None:
    """Show the sync, connection and health status of every device.

    \b
    Health, from what a device reports:
      Converged    it runs its desired state
      Progressing  it is connected, but does not run it yet
      Degraded     it reported an error
      Offline      it is not connected, and did not run it when last seen
      Unknown      it never connected

    \b
    Examples:
      edgeops status
      edgeops status --group canary --wait --timeout 600
      edgeops status -o json
    """
    rows = api.status(workspace(context), rev=rev, group=group, wait=timeout if wait else None)
    show(context, report.status_text, rows, output)
