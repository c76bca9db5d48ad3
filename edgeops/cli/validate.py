"""`edgeops validate`: check the desired state, offline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from edgeops import api, report
from edgeops.cli.options import RevisionOption, argument, option
from edgeops.cli.settings import note, say, show, workspace
from edgeops.errors import InvalidState


def validate(
    context: typer.Context,
    path: Annotated[str | None, argument("Show only problems in this file or folder.")] = None,
    rev: RevisionOption = None,
    output: Annotated[
        Literal["text", "json", "github"],
        option("Form of the output; github prints workflow annotations.", "--output", "-o"),
    ] = "text",
    strict: Annotated[bool, option("Exit 3 on warnings too.", "--strict")] = False,
) -> None:
    """Check the desired state: schemas, references, hub limits, secrets.

    Needs no hub and no network. Lists all problems at once, each with
    file:line:column, and warnings about what is valid, but surely not meant.
    Exit code 0: valid, 3: not valid, or with --strict: there are warnings.

    \b
    Examples:
      edgeops validate
      edgeops validate fleet/groups
      edgeops validate --rev main -o json
    """
    from edgeops.source.root import folder_in_repository, path_in_fleet

    where = workspace(context)
    exists = rev is None
    below = "." if path is None else path_in_fleet(path, where.root, Path.cwd(), exists=exists)
    validation = api.validate(where, rev=rev, below=below)
    found = sorted((*validation.problems, *validation.warnings))
    if output == "github":
        typer.echo(report.problems.github(found, folder=folder_in_repository(where.root)))
    elif found or output == "json":
        show(context, report.problems, found, output)
    if validation.problems or (strict and found):
        raise InvalidState("")
    if validation.elsewhere:
        note(context, f"no problems in {path}; {validation.elsewhere} in other files")
    elif output == "text" and validation.fleet is not None:
        say(report.problems.none_in(validation.fleet))
