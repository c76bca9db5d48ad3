"""`edgeops validate`: is the desired state valid? Offline."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from edgeops.cli.options import RevisionOption, argument, option
from edgeops.cli.settings import say, settings, show, workspace
from edgeops.errors import InvalidState


class Form(StrEnum):
    """Forms of the list of problems."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


def validate(
    context: typer.Context,
    path: Annotated[str | None, argument("Show only problems in this file or folder.")] = None,
    rev: RevisionOption = None,
    output: Annotated[
        Form, option("github prints workflow annotations.", "--output", "-o")
    ] = Form.TEXT,
) -> None:
    """Check the desired state: schemas, references, hub limits, secrets.

    Needs no hub and no network. Lists all problems at once, each with
    file:line:column. Exit code 0: valid, 3: not valid.

    \b
    Examples:
      edgeops validate
      edgeops validate fleet/groups
      edgeops validate --rev main -o json
    """
    from edgeops.api import fleets
    from edgeops.report import problems as report
    from edgeops.source.root import folder_in_repository, path_in_fleet

    options = settings(context)
    where = workspace(options)
    exists = rev is None
    below = "." if path is None else path_in_fleet(path, where.root, Path.cwd(), exists=exists)
    found = fleets.validate(where, rev=rev, below=below)
    if output is Form.GITHUB:
        typer.echo(report.github(found.problems, folder=folder_in_repository(where.root)))
    elif found.problems or output is Form.JSON:
        show(options, report, found.problems, output)
    if found.problems:
        raise InvalidState("")
    if found.elsewhere:
        options.note(f"no problems in {path}; {found.elsewhere} in other files")
    elif output is Form.TEXT and found.fleet is not None:
        say(report.none_in(found.fleet))
