"""`edgeops model evaluate` and `publish`."""

from __future__ import annotations

from typing import Annotated

import typer

from edgeops import api, report
from edgeops.cli.options import DataDirs, DocumentOption, ModelName, OutputOption, option
from edgeops.cli.settings import show, workspace


def evaluate(
    context: typer.Context,
    name: ModelName,
    champion: Annotated[
        bool,
        option("Compare with the last release on the same origins.", "--champion/--no-champion"),
    ] = True,
    data_dir: DataDirs = None,
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
        card=lambda judgement: report.model_card.card_files(judgement),  # imports matplotlib
    )
    show(context, report.scorecard, done.scorecard, output)


def publish(
    context: typer.Context,
    name: ModelName,
    version: Annotated[
        str | None, option("Version; the next minor version by default.", metavar="X.Y.Z")
    ] = None,
    data_dir: DataDirs = None,
    output: OutputOption = "text",
) -> None:
    """Publish the trained and evaluated model if it passes its gates.

    Uploads the artifact to the store of the hub (--hub), reads it back, and
    writes the release file to models/NAME/releases/, with the model card and a
    copy of an artifact of at most 512 KB. Commit them. A release never changes:
    other bytes need another version. Name the same --data-dir as in training.
    Exit code 5: a gate was not passed, or the version exists.

    \b
    Examples:
      edgeops model publish crowdedness-24h
      edgeops model publish crowdedness-24h --version 1.1.0 --hub production
    """
    done = api.publish(workspace(context), name, version=version, data_dirs=data_dir or ())
    show(context, report.training_text, done, output)
