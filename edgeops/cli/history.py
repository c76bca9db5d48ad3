"""`edgeops history`: what was applied to a hub, when and by whom."""

from __future__ import annotations

from typing import Annotated

import typer

from edgeops import api, report
from edgeops.cli.options import OutputOption, argument, option
from edgeops.cli.settings import show, workspace


def history(
    context: typer.Context,
    device: Annotated[
        str | None, argument("Only what concerns this device.", metavar="[DEVICE]")
    ] = None,
    number: Annotated[
        int, option("How many to show.", "--number", "-n", metavar="NUMBER", min=1)
    ] = 20,
    output: OutputOption = "text",
) -> None:
    """Show what was synced to the hub: when, which commit, by whom, and how it ended.

    The hub holds the records, in the twin of the disabled device identity
    edgeops.FLEET; the oldest are dropped. With a device: the syncs that wrote or
    refused it, and those before which git changed it. Devices: + to create,
    ~ to change, - to delete, then what was not done.

    \b
    Examples:
      edgeops history --hub production
      edgeops history queen-street-210 -n 5
      edgeops history -o json
    """
    found = api.history(workspace(context), device, limit=number)
    show(context, report.history_text, found, output)
