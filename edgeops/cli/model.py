"""`edgeops model`: from data to a published model."""

from __future__ import annotations

import typer

from edgeops.cli.model_evaluate import evaluate
from edgeops.cli.model_list import list_releases
from edgeops.cli.model_promote import promote
from edgeops.cli.model_publish import publish
from edgeops.cli.model_train import train
from edgeops.cli.model_verify import verify
from edgeops.cli.options import DataDirs, ModelName, Output, OutputOption
from edgeops.cli.settings import settings, show, workspace

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True)


@app.callback()
def model() -> None:
    """Models: from their data to the devices that run them."""


@app.command("data")
def data(
    context: typer.Context,
    name: ModelName,
    data_dir: DataDirs = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Say how good the data of a model is: what is missing, zero, broken, and was repaired.

    Paths in model.yaml start at the folder of the repository. What is not there
    is looked for below each --data-dir. Links are not followed.

    \b
    Examples:
      edgeops model data crowdedness-24h
      edgeops model data my-model --data-dir /mnt/counts
      edgeops model data crowdedness-24h -o json
    """
    from edgeops.api import models
    from edgeops.report import data_text

    options = settings(context)
    found = models.data_quality(workspace(options), name, data_dirs=data_dir or ())
    show(options, data_text, found, output)


app.command("train", short_help="Train as model.yaml says, and export to ONNX.")(train)
app.command("evaluate", short_help="Judge against baselines and the last release.")(evaluate)
app.command("publish", short_help="Into a store and a release file, if the gates agree.")(publish)
app.command("verify", short_help="Is what was published still the same?")(verify)
app.command("promote", short_help="Edit the manifest of a group, or of the next ring.")(promote)
app.command("list", short_help="The releases, and where they run.")(list_releases)
