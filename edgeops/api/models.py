"""Models, from their data to a release: what `edgeops model` does with one model file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from edgeops.api.stores import artifact_store, artifact_target
from edgeops.api.workspace import Workspace
from edgeops.errors import EdgeOpsError, UsageError

if TYPE_CHECKING:
    from edgeops.jsonvalue import JsonObject
    from edgeops.training.build import BuildFolder
    from edgeops.training.data.quality import Quality
    from edgeops.training.evaluation import Evaluated
    from edgeops.training.fitted import Fitted
    from edgeops.training.model_file import ModelFile
    from edgeops.training.publish import Published
    from edgeops.training.samples import Experiment
    from edgeops.training.training_data import Job


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """A model file for devices: its path from the root of the repository, bytes and digest."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Trained:
    """The exported files, none while trainings are missing.

    `parity` is how far they differ from Keras at most, as a share of the scale.
    """

    files: tuple[ExportedFile, ...] = ()
    parity: float = 0.0


@dataclass(frozen=True, slots=True)
class Judgement:
    """What an evaluation is kept of: `files` are the exported forms by name."""

    model: ModelFile
    data: Experiment
    evaluated: Evaluated
    artifacts: tuple[Path, ...]
    provenance: JsonObject


CARD = "card.html"
# Makes the model card and its plots, by name, from a judgement.
Card = Callable[[Judgement], Mapping[str, bytes]]


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Says which extra of edgeops to install when a package is missing. Raises `EdgeOpsError`."""
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package == "edgeops":
            raise
        raise EdgeOpsError(
            f"the package {package} is not installed", f"pip install 'edgeops[{name}]'"
        ) from error


def data_quality(workspace: Workspace, name: str, *, data_dirs: Sequence[Path] = ()) -> Quality:
    """How good the observations of a model are, and what was repaired in them.

    Raises `InvalidModel`, and `EdgeOpsError` for data that cannot be read.
    """
    with extra("train"):
        from edgeops.training.data.find import observed_file
        from edgeops.training.data.load import read_data
        from edgeops.training.data.quality import quality

        model = _model(workspace, name, data_dirs)
        return quality(read_data(model, observed_file(model)), model.recipe.repairs.outage_hours)


def train(
    workspace: Workspace,
    name: str,
    *,
    horizon: int | None = None,
    shard: str | None = None,
    processes: int | None = None,
    engine: str = "loky",
    data_dirs: Sequence[Path] = (),
    trained: Callable[[Fitted], None] = lambda _: None,
) -> Trained:
    """Train what is missing of a model, and export it once nothing is.

    Only the network of one `horizon` (steps ahead) or one `shard` ("1/4") where
    that is named. `processes` trainings run at once, as many as there are cores
    by default; `engine` is `loky`, `dask` or `ray`. `trained` hears of each
    network when it is on disk. Raises `UsageError`, `InvalidModel`, and
    `EdgeOpsError` for data that cannot be used.
    """
    if horizon is not None and shard is not None:
        raise UsageError("--horizon and --shard exclude each other", "give one of them")
    with extra("train"):
        from edgeops.training.build import build_folder
        from edgeops.training.samples import experiment
        from edgeops.training.sweep import Engine, processes_for
        from edgeops.training.train import check_model, prepare
        from edgeops.training.train import train as run

        model = _model(workspace, name, data_dirs)
        jobs = _jobs(model, horizon, shard)
        check_model(model)
        data = experiment(model)
        training = prepare(data, build_folder(model, data.sha256), jobs)
        missing = training.missing
        if len(missing) < len(jobs):
            done = len(jobs) - len(missing)
            workspace.observer.note(f"{done} of {len(jobs)} trained already")
        count = processes or processes_for(model.recipe.training, len(missing))
        here = count == 1 or len(missing) == 1
        if missing:
            unit = "batches" if here else "networks"
            with workspace.observer.progress("training", unit) as told:
                results = run(training, Engine(engine), count, told, workspace.environ)
                for fitted in results:
                    trained(fitted)
        complete = training.complete()
        if complete is None:
            return Trained()

        from edgeops.source.revision import head_commit
        from edgeops.training.export import export, provenance

        made = provenance(data, head_commit(model.root), workspace.environ)
        facts: JsonObject = export(
            data, training.folder, complete, training.training_data.validation, made
        )
        files = (
            ExportedFile(
                training.folder.file(form).relative_to(model.root).as_posix(),
                file["size"],
                file["sha256"],
            )
            for form, file in facts["files"].items()
        )
        return Trained(tuple(files), facts["parity"])


def evaluate(
    workspace: Workspace,
    name: str,
    *,
    champion: bool = True,
    data_dirs: Sequence[Path] = (),
    card: Card = lambda _: {},
) -> Evaluated:
    """Judge a trained model against its baselines and, as `champion`, its last release.

    Keeps the forecasts and the scorecard beside the build, with the files that
    `card` makes (`edgeops.report.model_card.card_files`). Raises `InvalidModel`,
    and `EdgeOpsError` for a model that is not trained, or a release that has changed.
    """
    with extra("train"):
        from edgeops.training.build import build_folder, facts_of
        from edgeops.training.champion import last_release
        from edgeops.training.evaluation import evaluate as judge
        from edgeops.training.samples import experiment
        from edgeops.training.train import check_model

        model = _model(workspace, name, data_dirs)
        check_model(model)
        data = experiment(model)
        folder = build_folder(model, data.sha256)
        facts = facts_of(folder, name)
        note = workspace.observer.note
        other = last_release(workspace.root, workspace.state, name, note) if champion else None
        with workspace.observer.progress("evaluating", "steps") as told:
            evaluated = judge(data, folder, facts, other, told)
        artifacts = tuple(folder.file(form) for form in facts["files"])
        judgement = Judgement(model, data, evaluated, artifacts, facts["provenance"])
        files = card(judgement)
        _keep(folder, facts, judgement, files)
        if CARD in files:
            note(f"card: {(folder.evaluation / CARD).relative_to(model.root)}")
        return evaluated


def publish(
    workspace: Workspace, name: str, *, version: str | None = None, data_dirs: Sequence[Path] = ()
) -> Published:
    """Publish the evaluated build of a model in the store of the hub, and write its release file.

    Raises `Refused` when a gate does not let it through or the version is taken,
    and `EdgeOpsError` for a model that is not evaluated, or a store that fails.
    """
    with extra("train"):
        from edgeops.training.build import latest_build
        from edgeops.training.publish import publish as into

        build = latest_build(_model(workspace, name, data_dirs))
        store = artifact_store(workspace, artifact_target(workspace))
        with workspace.observer.progress("publishing", "bytes") as told:
            done = into(build, root=workspace.root, store=store, version=version, progress=told)
        return replace(done, file=done.file.relative_to(workspace.root))


def _model(workspace: Workspace, name: str, data_dirs: Sequence[Path]) -> ModelFile:
    from edgeops.training.model_file import load_model_file

    return load_model_file(workspace.root, name, data_dirs)


def _jobs(model: ModelFile, horizon: int | None, shard: str | None) -> tuple[Job, ...]:
    from edgeops.training.jobs import jobs_of, of_horizon, of_shard

    jobs = jobs_of(model)
    if horizon is not None:
        jobs = of_horizon(jobs, horizon)
    return jobs if shard is None else of_shard(jobs, shard)


def _keep(
    folder: BuildFolder, facts: JsonObject, judgement: Judgement, card: Mapping[str, bytes]
) -> None:
    """Write what is kept of a judgement; the scorecard last, so that it says: all is here."""
    from edgeops.files import write_whole
    from edgeops.training.build import evaluation_key
    from edgeops.training.evaluate.scorecard_json import to_json
    from edgeops.training.evaluate.table import write_table

    place = folder.evaluation
    place.mkdir(parents=True, exist_ok=True)
    write_table(place / "forecasts.parquet", judgement.evaluated.forecasts)
    for file, data in card.items():
        write_whole(place / file, data)
    scorecard = to_json(judgement.evaluated.scorecard)
    kept = {"inputs": evaluation_key(judgement.model, facts), "scorecard": scorecard}
    write_whole(place / "scorecard.json", json.dumps(kept, indent=1).encode() + b"\n")
