"""`edgeops validate`: is the desired state valid? Offline."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from edgeops.cli.load import resolution
from edgeops.cli.settings import settings
from edgeops.errors import InvalidState


class Form(StrEnum):
    """Forms of the list of problems."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


def validate(
    context: typer.Context,
    path: Annotated[
        str | None, typer.Argument(help="Show only problems in this file or folder.")
    ] = None,
    rev: Annotated[
        str | None, typer.Option(help="A git revision, not the files on disk.", metavar="REV")
    ] = None,
    output: Annotated[
        Form, typer.Option("--output", "-o", help="github prints workflow annotations.")
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
    from edgeops.report import problems as report

    options = settings(context)
    found = resolution(options, rev)
    shown = [p for p in found.problems if path is None or _below(p.place.file, path)]
    if output is Form.JSON:
        typer.echo(report.as_json(shown))
    elif output is Form.GITHUB:
        typer.echo(report.github(shown))
    elif shown:
        typer.echo(report.text(shown, color=options.styled()))
    if shown:
        raise InvalidState("")
    if output is Form.TEXT and found.fleet is not None:
        typer.echo(f"{found.fleet.name}: {len(found.fleet.devices)} devices, no problems")


def _below(file: str, path: str) -> bool:
    prefix = path.removeprefix("./").rstrip("/")
    return file == prefix or file.startswith(prefix + "/") or prefix == "."
