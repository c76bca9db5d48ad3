"""`edgeops model init` and `features`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from edgeops import api, report
from edgeops.cli.options import DataDirs, OutputOption, argument, option
from edgeops.cli.settings import note, say, show, workspace


def init(
    context: typer.Context,
    model: Annotated[str, argument("Name of the new model.", metavar="NAME")],
    csv: Annotated[Path, option("CSV or Parquet file of the repository.", "--csv", metavar="FILE")],
    time_zone: Annotated[
        str, option("IANA name of the time zone of the place.", "--time-zone", metavar="ZONE")
    ],
    column: Annotated[
        list[str] | None,
        option("Column to forecast; repeatable, all by default.", "--column", metavar="COLUMN"),
    ] = None,
    timestamp: Annotated[
        str | None,
        option("Column with the time; `timestamp`, or else the first one.", metavar="COLUMN"),
    ] = None,
    combine: Annotated[
        Literal["sum", "mean", "last"] | None,
        option("How several rows of an hour become one: sum (counts), mean, or the last."),
    ] = None,
    unit: Annotated[str, option("What the values are, such as kW.", metavar="TEXT")] = "",
    capacity: Annotated[
        float | None, option("The largest value there can be.", metavar="NUMBER", min=0)
    ] = None,
    events: Annotated[
        Path | None,
        option("CSV file of what is known ahead: name, start, end.", "--events", metavar="FILE"),
    ] = None,
    weather: Annotated[
        Path | None,
        option("CSV or Parquet file of the weather, best as forecast.", metavar="FILE"),
    ] = None,
    set_: Annotated[
        list[str] | None,
        option(
            "What a table leaves in doubt: a setting of `data.table`, or site.KEY, weather.KEY."
            " Repeatable.",
            "--set",
            metavar="KEY=VALUE",
        ),
    ] = None,
) -> None:
    """Write a model.yaml that trains well at once on a table of your own.

    Network, training and split follow from the length of the table; the gates are
    relative to it. Every part of the file is explained there. An error says which
    option it needs. An existing file is never changed. Exit code 5: it exists.

    \b
    Examples:
      edgeops model init gate --csv data/gate.csv --time-zone Europe/Berlin
      edgeops model init roof --csv data/pv.csv --time-zone UTC --unit kW --capacity 12
      edgeops model init gate --csv gate.csv --time-zone UTC --set decimal=, --set ignore=note
      edgeops model init gate --csv gate.csv --time-zone UTC --events e.csv --weather w.csv
    """
    done = api.init_model(
        workspace(context),
        model,
        csv,
        time_zone=time_zone,
        columns=column or (),
        timestamp=timestamp,
        combine=combine,
        unit=unit,
        capacity=capacity,
        events=events,
        weather=weather,
        settings=set_ or (),
    )
    for text in done.told:
        note(context, text)
    say(f"{done.file.as_posix()}  for {done.days:,} days of data")
    say(f"next: edgeops model train {done.name}")


def features(
    context: typer.Context,
    name: Annotated[
        str | None, argument("Mark the features of this model.", metavar="NAME")
    ] = None,
    data_dir: DataDirs = None,
    output: OutputOption = "text",
) -> None:
    """List and explain every feature, and those that a model uses.

    \b
    Examples:
      edgeops model features
      edgeops model features crowdedness-24h
      edgeops model features -o json
    """
    found = api.model_features(workspace(context), name, data_dirs=data_dir or ())
    show(context, report.model_features_text, found, output)
