"""`edgeops model evaluate`."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from edgeops.cli.model_extra import DataDirs, extra_train
from edgeops.cli.settings import Settings, settings, workspace
from edgeops.errors import EdgeOpsError

if TYPE_CHECKING:
    from pathlib import Path

    from edgeops.jsonvalue import JsonObject
    from edgeops.release import ModelRelease
    from edgeops.training.build import BuildFolder
    from edgeops.training.champion import Champion
    from edgeops.training.evaluation import Evaluated
    from edgeops.training.model_file import ModelFile
    from edgeops.training.samples import Experiment

_OTHER = "bring the published file back, or judge with `--no-champion`"


class Form(StrEnum):
    """Forms of a scorecard."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


def evaluate(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The folder of the model in models/.")],
    champion: Annotated[
        bool,
        typer.Option(
            "--champion/--no-champion", help="Compare with the last release on the same origins."
        ),
    ] = True,
    data_dir: DataDirs = None,
    output: Annotated[Form, typer.Option("--output", "-o", help="Form of the output.")] = Form.TEXT,
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
    options = settings(context)
    with extra_train():
        from edgeops.training.model_file import load_model_file

        model = load_model_file(workspace(options).root, name, data_dir or ())
        evaluated = _evaluate(options, model, champion)
        _show(options, evaluated, output)


def _evaluate(options: Settings, model: ModelFile, with_champion: bool) -> Evaluated:
    from edgeops.report.progress import progress
    from edgeops.training.build import build_folder, facts_of
    from edgeops.training.evaluation import evaluate as judge
    from edgeops.training.samples import experiment
    from edgeops.training.train import check_model

    root, name = model.root, model.name
    check_model(model)
    data = experiment(model)
    folder = build_folder(model, data.sha256)
    facts = facts_of(folder, name)
    champion = _champion(options, root, name) if with_champion else None
    with progress(
        "evaluating",
        sys.stderr,
        clock=time.monotonic,
        quiet=options.quiet,
        color=options.color,
        unit="steps",
    ) as tick:
        evaluated = judge(data, folder, facts, champion, tick)
    _write(data, folder, facts, evaluated)
    options.note(f"card: {(folder.evaluation / 'card.html').relative_to(root)}")
    return evaluated


def _champion(options: Settings, root: Path, name: str) -> Champion | None:
    """The newest release, if its file is in git or in the store of the local hub.

    Raises `EdgeOpsError` when what is there is not what was published.
    """
    from edgeops.artifacts.version import precedence
    from edgeops.source.releases import load_releases
    from edgeops.source.state import STATE
    from edgeops.training.champion import Champion

    releases = load_releases(root)
    found = sorted(releases.of(name), key=lambda one: precedence(one.version))
    if not found:
        return None
    newest = found[-1]
    places = [(root, releases.copy(newest.reference).relative_to(root).as_posix())]
    if newest.path is not None:
        places.append((root / STATE / "artifacts", newest.path))
    others = []
    for folder, path in places:
        content = _published(folder, path, newest)
        if content is not None and hashlib.sha256(content).hexdigest() == newest.sha256:
            return Champion(newest.version, content)
        others += [folder / path] * (content is not None)
    if others:
        raise EdgeOpsError(f"{others[0]} is not what was published as {newest.reference}", _OTHER)
    options.note(f"{newest.reference} is not on this machine: there is no champion")
    return None


def _published(folder: Path, path: str, release: ModelRelease) -> bytes | None:
    """What is at a place of a released file; None where there is nothing."""
    from edgeops.plain_file import is_absent, read_plain
    from edgeops.training.onnx_run import MAX_BYTES

    try:
        return read_plain(folder, path, MAX_BYTES)
    except OSError as error:
        if is_absent(error):
            return None
        message = f"cannot read {folder / path}, published as {release.reference}: {error.strerror}"
        raise EdgeOpsError(message, _OTHER) from error


def _write(data: Experiment, folder: BuildFolder, facts: JsonObject, evaluated: Evaluated) -> None:
    """Everything that is kept of a judgement; the scorecard last, so that it says: all is here."""
    from edgeops.digest import digest_file
    from edgeops.files import write_whole
    from edgeops.report.model_card import CardFacts, model_card
    from edgeops.report.plots.model_plots import model_plots
    from edgeops.training.build import evaluation_key
    from edgeops.training.evaluate.scorecard import MODEL
    from edgeops.training.evaluate.scorecard_json import to_json
    from edgeops.training.evaluate.table import write_table

    card, model, place = evaluated.scorecard, data.model, folder.evaluation
    place.mkdir(parents=True, exist_ok=True)
    write_table(place / "forecasts.parquet", evaluated.forecasts)
    plots = model_plots(card, "test", evaluated.forecasts["test"][MODEL])
    for plot in plots:
        write_whole(place / plot.file, plot.png)
    page = model_card(
        CardFacts(
            card,
            model.description,
            {folder.file(form).name: digest_file(folder.file(form)) for form in facts["files"]},
            data.dataset.name,
            data.dataset.attribution,
            facts["provenance"],
            tuple(model.spec.get("seeds", (1,))),
            plots,
            "\n\n".join(model.spec.get("notes", ())),
        )
    )
    write_whole(place / "card.html", page.encode())
    kept = {"inputs": evaluation_key(model, facts), "scorecard": to_json(card)}
    write_whole(place / "scorecard.json", json.dumps(kept, indent=1).encode() + b"\n")


def _show(options: Settings, evaluated: Evaluated, output: Form) -> None:
    from edgeops.report import scorecard_markdown, scorecard_text
    from edgeops.report.documents import dump_json
    from edgeops.training.evaluate.scorecard_json import to_json

    card = evaluated.scorecard
    if output is Form.JSON:
        typer.echo(dump_json(to_json(card)), nl=False)
    elif output is Form.MARKDOWN:
        typer.echo(scorecard_markdown.markdown(card), nl=False)
    else:
        typer.echo(scorecard_text.text(card, color=options.styled()))
