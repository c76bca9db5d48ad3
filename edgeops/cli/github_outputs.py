"""`edgeops github models` and `outputs`: from one step of a workflow to the next."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from edgeops.cli.options import argument, option
from edgeops.cli.settings import say, settings, workspace
from edgeops.errors import EdgeOpsError
from edgeops.user_files import read_text

MACHINES = 8


def models(
    context: typer.Context,
    changed_since: Annotated[
        str, option("Only models that changed since; empty means all.", metavar="REV")
    ] = "",
    only: Annotated[
        str, option("Only these, separated by spaces; empty means all.", metavar="NAMES")
    ] = "",
    machines: Annotated[int, option("At most so many for one model.", min=1, max=100)] = MACHINES,
) -> None:
    """Say which models a workflow has to train, and how to spread them over machines.

    Gives the step two outputs, JSON for `matrix`: `models`, a list of names,
    and `trainings`, a list of objects with `model`, `shard` and `artifact`.

    \b
    Examples:
      edgeops github models --changed-since "$BEFORE" --only "$MODELS"
    """
    from edgeops.api.github import trainings

    found = trainings(
        workspace(settings(context)),
        changed_since=changed_since,
        only=only.split(),
        machines=machines,
    )
    parts = [{"model": p.model, "shard": p.shard, "artifact": p.artifact} for p in found.parts]
    for part in found.parts:
        say(f"{part.model} {part.shard}")
    _give({"models": found.models, "trainings": parts})


def outputs(
    file: Annotated[Path, argument("A JSON object, as of `model publish -o json`.")],
) -> None:
    """Give the step each value of a JSON object as an output.

    \b
    Examples:
      edgeops github outputs published.json
    """
    try:
        value = json.loads(read_text(file, "the JSON", ""))
    except ValueError as error:
        raise EdgeOpsError(f"{file} is not JSON", "") from error
    if not isinstance(value, dict):
        raise EdgeOpsError(f"{file} is not a JSON object", "")
    _give(value)


def _give(values: dict[str, object]) -> None:
    from edgeops.github.outputs import give_outputs

    path = os.environ.get("GITHUB_OUTPUT")  # nothing is given outside of a workflow
    give_outputs(Path(path) if path else None, values)
