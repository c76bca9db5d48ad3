"""`edgeops model`: from data to a published model."""

from __future__ import annotations

from typing import Annotated

import typer

from edgeops.cli.model_evaluate import evaluate
from edgeops.cli.model_extra import DataDirs, extra_train
from edgeops.cli.model_list import list_releases
from edgeops.cli.model_promote import promote
from edgeops.cli.model_publish import publish
from edgeops.cli.model_train import train
from edgeops.cli.model_verify import verify
from edgeops.cli.settings import Output, settings, workspace

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True)


@app.callback()
def model() -> None:
    """Models: from their data to the devices that run them."""


@app.command("data")
def data(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The folder of the model in models/.")],
    data_dir: DataDirs = None,
    output: Annotated[
        Output, typer.Option("--output", "-o", help="Form of the output.")
    ] = Output.TEXT,
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
    options = settings(context)
    with extra_train():
        from edgeops.report import data_text
        from edgeops.training.data.find import observed_file
        from edgeops.training.data.load import outage_hours, read_data
        from edgeops.training.data.quality import quality
        from edgeops.training.model_file import load_model_file

        found = load_model_file(workspace(options).root, name, data_dir or ())
        result = quality(read_data(found, observed_file(found)), outage_hours(found))
    if output is Output.JSON:
        typer.echo(data_text.as_json(result), nl=False)
    else:
        typer.echo(data_text.text(result, color=options.styled()))


app.command("train", short_help="Train as model.yaml says, and export to ONNX.")(train)
app.command("evaluate", short_help="Judge against baselines and the last release.")(evaluate)
app.command("publish", short_help="Into a store and a release file, if the gates agree.")(publish)
app.command("verify", short_help="Is what was published still the same?")(verify)
app.command("promote", short_help="Edit the manifest of a group, or of the next ring.")(promote)
app.command("list", short_help="The releases, and where they run.")(list_releases)
