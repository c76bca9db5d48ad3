"""`edgeops model evaluate`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from edgeops.cli.options import DataDirs, Document, DocumentOption, ModelName, option
from edgeops.cli.settings import settings, show, workspace

if TYPE_CHECKING:
    from edgeops.api.models import Judgement


def evaluate(
    context: typer.Context,
    name: ModelName,
    champion: Annotated[
        bool,
        option("Compare with the last release on the same origins.", "--champion/--no-champion"),
    ] = True,
    data_dir: DataDirs = None,
    output: DocumentOption = Document.TEXT,
) -> None:
    """Judge a trained model against its baselines and its last release.

    The forecasts are those of the file that would be published, made every
    hour (rolling origins) over the test part and what is later. The gates of
    model.yaml say whether `publish` takes it. In .edgeops/models/: the
    scorecard, all forecasts as Parquet, plots, and a model card (HTML).

    Paths in model.yaml start at the folder of the repository. What is not there
    is looked for below each --data-dir. Links are not followed.

    \b
    Examples:
      edgeops model evaluate crowdedness-24h
      edgeops model evaluate my-model --data-dir /mnt/counts
      edgeops model evaluate crowdedness-24h -o markdown >> "$GITHUB_STEP_SUMMARY"
    """
    from edgeops.api import models

    options = settings(context)
    done = models.evaluate(
        workspace(options), name, champion=champion, data_dirs=data_dir or (), card=_card
    )
    from edgeops.report import scorecard

    show(options, scorecard, done.scorecard, output)


def _card(judgement: Judgement) -> dict[str, bytes]:
    from edgeops.report.card_files import card_files  # draws, with matplotlib

    return card_files(judgement)
