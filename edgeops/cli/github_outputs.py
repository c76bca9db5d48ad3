"""`edgeops github models` and `outputs`: from one step of a workflow to the next."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from edgeops.cli.settings import say, settings, workspace
from edgeops.errors import EdgeOpsError, UsageError

MACHINES = 8
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def models(
    context: typer.Context,
    changed_since: Annotated[
        str, typer.Option(help="Only models that changed since; empty means all.", metavar="REV")
    ] = "",
    only: Annotated[
        str, typer.Option(help="Only these, separated by spaces; empty means all.", metavar="NAMES")
    ] = "",
    machines: Annotated[
        int, typer.Option(help="At most so many for one model.", min=1, max=100)
    ] = MACHINES,
) -> None:
    """Say which models a workflow has to train, and how to spread them over machines.

    Gives the step two outputs, JSON for `matrix`: `models`, a list of names,
    and `trainings`, a list of objects with `model`, `shard` and `artifact`.

    \b
    Examples:
      edgeops github models --changed-since "$BEFORE" --only "$MODELS"
    """
    from edgeops.fleet.suggest import did_you_mean
    from edgeops.source.changes import changed_since as paths_changed_since
    from edgeops.training.matrix import changed, model_names, parts
    from edgeops.training.model_file import load_model_file

    options = settings(context)
    root = workspace(options).root
    known = model_names(root)
    for name in only.split():
        if name not in known:
            raise UsageError(f"there is no model `{name}`", did_you_mean(name, known) or "")
    files = [load_model_file(root, name) for name in only.split() or known]
    if changed_since:
        paths = paths_changed_since(root, changed_since)
        if paths is None:
            options.note(f"{changed_since} is not in this clone: all models count as changed")
        else:
            files = [model for model in files if changed(model, paths)]
    trainings = [part for model in files for part in parts(model, machines)]
    for part in trainings:
        say(f"{part.model} {part.shard}")
    _give(
        {
            "models": [model.name for model in files],
            "trainings": [
                {"model": part.model, "shard": part.shard, "artifact": part.artifact}
                for part in trainings
            ],
        }
    )


def outputs(
    file: Annotated[Path, typer.Argument(help="A JSON object, as of `model publish -o json`.")],
) -> None:
    """Give the step each value of a JSON object as an output.

    \b
    Examples:
      edgeops github outputs published.json
    """
    from edgeops.cli.files import read_text

    try:
        value = json.loads(read_text(file, "the JSON", ""))
    except ValueError as error:
        raise EdgeOpsError(f"{file} is not JSON", "") from error
    if not isinstance(value, dict):
        raise EdgeOpsError(f"{file} is not a JSON object", "")
    _give(value)


def _give(values: Mapping[str, Any]) -> None:
    """Outputs of the step: text as it is, anything else as JSON; nothing outside of a workflow."""
    from edgeops.cli.files import append

    lines = []
    for name, value in values.items():
        text = value if isinstance(value, str) else json.dumps(value)
        if not _NAME.fullmatch(name):
            raise EdgeOpsError(f"{name!r} is not a name of an output", "use A-Z, a-z, 0-9, _ and -")
        if len(f"{name}={text}".splitlines()) != 1:
            raise EdgeOpsError(f"the value of {name!r} has several lines", "it cannot be an output")
        lines.append(f"{name}={text}\n")
    if path := os.environ.get("GITHUB_OUTPUT"):
        append(Path(path), "".join(lines))
