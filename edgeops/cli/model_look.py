"""`edgeops model runs` and `forecast`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeops import api, report
from edgeops.cli.options import DataDirs, ModelName, OutputOption, argument, option
from edgeops.cli.settings import note, show, workspace


def runs(context: typer.Context, name: ModelName, output: OutputOption = "text") -> None:
    """Compare the builds of a model on this machine: settings, errors, size, releases.

    WAPE is of the validation part, which choices may be made by, and of the test.

    \b
    Examples:
      edgeops model runs crowdedness-24h
      edgeops model runs my-model -o json
    """
    show(context, report.model_runs_text, api.model_runs(workspace(context), name), output)


def forecast(
    context: typer.Context,
    release: Annotated[
        str,
        argument("A trained model, a release, or a model file.", metavar="NAME|NAME@VERSION|FILE"),
    ],
    history: Annotated[
        Path, option("Table: timestamp, then a column a series.", "--history", metavar="FILE")
    ],
    known: Annotated[
        list[Path] | None,
        option("What is known ahead: events, weather or JSON.", "--context", metavar="FILE"),
    ] = None,
    series: Annotated[
        str | None, option("The series to forecast, for a model of any one.", metavar="NAME")
    ] = None,
    plot: Annotated[
        Path | None, option("Also write a plot of it.", "--plot", metavar="FILE.png")
    ] = None,
    data_dir: DataDirs = None,
    output: OutputOption = "text",
) -> None:
    """Forecast the next hours from a file of observations, as a device would.

    The forecaster's own code reads the history and runs the model, so a fault that a
    device would report is the error here. Tables are read as by `model train`, too: as
    model.yaml says, local time on the clock of the site.

    \b
    Examples:
      edgeops model forecast my-model --history data/recent.csv
      edgeops model forecast my-model --history recent.csv --context events.csv --context rain.csv
      edgeops model forecast street-24h@1.0.0 --history counts.csv --series "210 Queen Street"
      edgeops model forecast model.onnx --history recent.csv --plot next-day.png
    """
    made = api.forecast(
        workspace(context),
        release,
        history,
        context=known or (),
        series=series,
        data_dirs=data_dir or (),
    )
    if plot is not None:
        from edgeops.api.extras import extra
        from edgeops.files import write_whole
        from edgeops.translate import doing

        with extra("train"), doing(f"write {plot}"):
            write_whole(plot, report.forecast_text.plot(made))
        note(context, f"plot: {plot}")
    show(context, report.forecast_text, made, output)
