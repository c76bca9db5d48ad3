"""`edgeops validate`: is the desired state valid? Offline."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeops.cli.options import RevisionOption
from edgeops.cli.settings import Settings, say, settings, workspace
from edgeops.errors import InvalidState, UsageError

if TYPE_CHECKING:
    from edgeops.fleet.model import Problem


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
    rev: RevisionOption = None,
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
    from edgeops.api.fleets import validate as check

    options = settings(context)
    where = workspace(options)
    below = "." if path is None else _in_repository(path, where.root, exists=rev is None)
    found = check(where, rev=rev)
    shown = [p for p in found.problems if below in (".", p.place.file) or _below(p, below)]
    if shown or output is not Form.TEXT:
        _report(shown, output, options, where.root)
    if shown:
        raise InvalidState("")
    if output is Form.TEXT and found.fleet is not None:
        from edgeops.report.words import count

        say(f"{found.fleet.name}: {count(len(found.fleet.devices), 'device')}, no problems")
    elif found.problems:
        options.note(f"no problems in {path}; {len(found.problems)} in other files")


def _report(problems: list[Problem], output: Form, options: Settings, root: Path) -> None:
    from edgeops.report import problems as report

    if output is Form.JSON:
        typer.echo(report.as_json(problems))
    elif output is Form.GITHUB:
        from edgeops.source.root import folder_in_repository

        typer.echo(report.github(problems, folder=folder_in_repository(root)))
    else:
        typer.echo(report.text(problems, color=options.styled()))


def _below(problem: Problem, folder: str) -> bool:
    return problem.place.file.startswith(f"{folder}/")


def _in_repository(path: str, root: Path, *, exists: bool) -> str:
    """A path that was typed, from the root of the fleet. Raises `UsageError`.

    Taken from the current folder, or else from the root, as problems are shown.
    """
    for base in (Path.cwd(), root):
        place = Path(os.path.normpath(base / path))
        if place.is_relative_to(root) and (os.path.lexists(place) or not exists):
            return place.relative_to(root).as_posix()
    raise UsageError(f"there is no {path} in {root}", "give a file or folder of the fleet")
