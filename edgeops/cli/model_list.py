"""`edgeops model list`."""

from __future__ import annotations

from typing import Annotated

import typer

from edgeops.cli.options import Output, OutputOption, argument
from edgeops.cli.settings import settings, show, workspace


def list_releases(
    context: typer.Context,
    name: Annotated[
        str | None, argument("Only the releases of this model.", metavar="NAME")
    ] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Show the releases: how good they are, who names them in git, and where they run.

    What runs where is asked from the hub (--hub), if that can be reached.

    \b
    Examples:
      edgeops model list
      edgeops model list crowdedness-24h -o json
    """
    from edgeops.api import releases as api
    from edgeops.report import release_text

    options = settings(context)
    show(options, release_text, api.list_releases(workspace(options), name), output)
