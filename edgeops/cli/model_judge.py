"""`edgeops model evaluate`."""

from __future__ import annotations

from typing import Annotated

import typer

from edgeops import api, report
from edgeops.cli.options import DataDirs, DocumentOption, ModelName, NewerData, option
from edgeops.cli.settings import show, workspace


def evaluate(
    context: typer.Context,
    name: ModelName,
    champion: Annotated[
        bool,
        option("Compare with the last release on the same origins.", "--champion/--no-champion"),
    ] = True,
    data_dir: DataDirs = None,
    newer_data: NewerData = None,
    output: DocumentOption = "text",
) -> None:
    """Compare a trained model with its baselines and its last release.

    Forecasts with the file that would be published, at every hour (rolling
    origins) of the test period and of what is later. The gates of model.yaml
    decide whether `publish` accepts it. Writes to .edgeops/models/: the
    scorecard, all forecasts as Parquet, plots, and a model card (HTML).

    \b
    Examples:
      edgeops model evaluate crowdedness-24h
      edgeops model evaluate my-model --data-dir /mnt/counts
      edgeops model evaluate crowdedness-24h -o markdown >> "$GITHUB_STEP_SUMMARY"
    """
    done = api.evaluate(
        workspace(context),
        name,
        champion=champion,
        data_dirs=data_dir or (),
        newer_data=newer_data,
        card=lambda judgement: report.model_card.card_files(judgement),  # imports matplotlib
    )
    show(context, report.scorecard, done.scorecard, output)
