"""`edgeops model`: from data to a published model."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from edgeops.cli.load import repository
from edgeops.cli.settings import Output, settings
from edgeops.errors import EdgeOpsError

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True)


@app.callback()
def model() -> None:
    """Models: the data that they learn from."""


@app.command("data")
def data(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The folder of the model in models/.")],
    output: Annotated[
        Output, typer.Option("--output", "-o", help="Form of the output.")
    ] = Output.TEXT,
) -> None:
    """Say how good the data of a model is: what is missing, zero, broken, and was repaired.

    \b
    Examples:
      edgeops model data crowdedness-24h
      edgeops model data crowdedness-24h -o json
    """
    options = settings(context)
    with _extra_train():
        from edgeops.report import data_text
        from edgeops.training.data.load import outage_hours, read_data
        from edgeops.training.data.quality import quality
        from edgeops.training.model_file import load_model_file

        found = load_model_file(repository(options), name)
        result = quality(read_data(found), outage_hours(found))
    if output is Output.JSON:
        typer.echo(data_text.as_json(result), nl=False)
    else:
        typer.echo(data_text.text(result, color=options.styled()))


@contextmanager
def _extra_train() -> Iterator[None]:
    """Says which extra is missing. Raises `EdgeOpsError`."""
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package == "edgeops":
            raise
        raise EdgeOpsError(
            f"the package {package} is not installed", "pip install 'edgeops[train]'"
        ) from error
