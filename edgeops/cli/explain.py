"""`edgeops explain`: the source of every value of a device."""

from __future__ import annotations

from typing import Annotated

import typer

from edgeops import api, report
from edgeops.cli.options import OutputOption, RevisionOption, argument
from edgeops.cli.settings import show, workspace


def explain(
    context: typer.Context,
    device: Annotated[str, argument("A device of the fleet.", show_default=False)],
    pointer: Annotated[str, argument("JSON pointer of a part, such as /tags/location.")] = "",
    rev: RevisionOption = None,
    output: OutputOption = "text",
) -> None:
    """Show which file and line set each value of a device, and what it overrode.

    \b
    Examples:
      edgeops explain queen-street-210
      edgeops explain queen-street-210 /modules/model_loader
      edgeops explain queen-street-210 /tags/location/lat --rev HEAD~3
    """
    explained = api.explain(workspace(context), device, pointer, rev=rev)
    show(context, report.explain_text, explained, output)
