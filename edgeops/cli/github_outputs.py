"""`edgeops github models` and `outputs`: values for later steps and jobs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from edgeops import api
from edgeops.cli.options import argument, option
from edgeops.cli.settings import say, workspace
from edgeops.errors import EdgeOpsError
from edgeops.user_files import read_text


def models(
    context: typer.Context,
    changed_since: Annotated[
        str, option("Only models that changed since this revision.", metavar="REV")
    ] = "",
    only: Annotated[str, option("Only these, separated by spaces.", metavar="NAMES")] = "",
    machines: Annotated[
        int, option("Maximum number of machines for one model.", min=1, max=100)
    ] = 8,
) -> None:
    """List the models that a workflow has to train, and spread them over machines.

    Sets two step outputs, JSON for `matrix`: `models`, a list of names, and
    `trainings`, a list of objects with `model`, `shard` and `artifact`. Without
    options, or where they are empty, all models are listed.

    \b
    Examples:
      edgeops github models --changed-since "$BEFORE" --only "$MODELS"
    """
    trainings = api.github.trainings(
        workspace(context), changed_since=changed_since, only=only.split(), machines=machines
    )
    parts = []
    for part in trainings.parts:
        say(f"{part.model} {part.shard}")
        parts.append({"model": part.model, "shard": part.shard, "artifact": part.artifact})
    _give({"models": trainings.models, "trainings": parts})


def outputs(
    file: Annotated[Path, argument("A JSON object, as written by `model publish -o json`.")],
) -> None:
    """Set a step output for each value of a JSON object.

    \b
    Examples:
      edgeops github outputs published.json
    """
    try:
        value = json.loads(read_text(file, "the JSON", ""))
    except ValueError as error:
        raise EdgeOpsError(f"{file} is not JSON") from error
    if not isinstance(value, dict):
        raise EdgeOpsError(f"{file} is not a JSON object")
    _give(value)


def _give(values: dict[str, object]) -> None:
    from edgeops.github.workflow import give_outputs

    path = os.environ.get("GITHUB_OUTPUT")  # not set outside of a workflow
    give_outputs(Path(path) if path else None, values)
