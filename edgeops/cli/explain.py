"""`edgeops explain`: where every value of a device comes from."""

from __future__ import annotations

from typing import Annotated

import typer

from edgeops.cli.settings import Output, settings, workspace


def explain(
    context: typer.Context,
    device: Annotated[str, typer.Argument(help="A device of the fleet.", show_default=False)],
    pointer: Annotated[str, typer.Argument(help="JSON pointer of a part, as /tags/location.")] = "",
    rev: Annotated[
        str | None, typer.Option(help="A git revision, not the files on disk.", metavar="REV")
    ] = None,
    output: Annotated[
        Output, typer.Option("--output", "-o", help="Form of the output.")
    ] = Output.TEXT,
) -> None:
    """Show which file and line set each value of a device, and what it overrode.

    \b
    Examples:
      edgeops explain queen-street-210
      edgeops explain queen-street-210 /modules/model_loader
      edgeops explain queen-street-210 /tags/location/lat --rev HEAD~3
    """
    from edgeops.fleet.explain import explain as explain_device
    from edgeops.report import explain_text as report

    options = settings(context)
    where = workspace(options)
    found = explain_device(
        where.at(rev).snapshot, device, pointer, artifacts_url=where.local_artifacts_url
    )
    if output is Output.JSON:
        typer.echo(report.as_json(found))
    else:
        typer.echo(report.text(found, color=options.styled()))
