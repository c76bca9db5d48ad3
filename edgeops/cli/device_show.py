"""`edgeops device show`: one device, value by value."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from edgeops import api, report
from edgeops.cli.options import ComparedRevisionOption, argument, option
from edgeops.cli.settings import show, workspace


def show_device(
    context: typer.Context,
    device: Annotated[str, argument("A device of the fleet or of the hub.", show_default=False)],
    rev: ComparedRevisionOption = "HEAD",
    output: Annotated[
        Literal["text", "json", "yaml"], option("Form of the output.", "--output", "-o")
    ] = "text",
) -> None:
    """Show git, the hub and what a device reports side by side, without secrets.

    CHANGED is when the hub last got a value; it does not say so for tags and for what is gone.
    COMMIT is the one that wrote the line in git which sets the value. What a sync would write is
    marked: `drift` was changed on the hub, `changed in git` was not synced yet. Long values are
    cut; JSON and YAML have them whole, with the file and line.

    \b
    Examples:
      edgeops device show queen-street-210
      edgeops device show queen-street-210 --hub production -o json
    """
    shown = api.show_device(workspace(context), device, rev=rev)
    show(context, report.device_show, shown, output)
