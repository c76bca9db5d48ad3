"""Models, from their data to a release: quality of data, training, evaluation, publishing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from edgeops.api.extras import extra
from edgeops.api.publishing import told
from edgeops.api.signing import signer
from edgeops.api.stores import artifact_store, artifact_target
from edgeops.api.workspace import Workspace, utc
from edgeops.errors import UsageError

if TYPE_CHECKING:
    from edgeops.jsonvalue import JsonObject
    from edgeops.publishing.publish import Published
    from edgeops.training.build import BuildFolder
    from edgeops.training.data.quality import Quality
    from edgeops.training.evaluation import Evaluated
    from edgeops.training.fitted import Fitted
    from edgeops.training.model_file import ModelFile
    from edgeops.training.samples import Experiment
    from edgeops.training.training_data import Job


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """An exported file: its path in the repository, size in bytes and digest."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Trained:
    """The exported files; none while trainings are missing.

    `parity` is the largest difference from Keras, relative to the scale.
    """

    files: tuple[ExportedFile, ...] = ()
    parity: float = 0.0


@dataclass(frozen=True, slots=True)
class Judgement:
    """An evaluated model, for the model card; `artifacts` are its exported files."""

    model: ModelFile
    data: Experiment
    evaluated: Evaluated
    artifacts: tuple[Path, ...]
    provenance: JsonObject


CARD = "card.html"
# Gives the model card and its plots, by file name.
Card = Callable[[Judgement], Mapping[str, bytes]]


def data_quality(
    workspace: Workspace,
    name: str,
    *,
    data_dirs: Sequence[Path] = (),
    newer_data: Path | None = None,
) -> Quality:
    """The quality of the observations of a model, and their repairs.

    Files in the folder `newer_data`, here and below, come before those of the repository, and the
    dates of the split move by whole weeks to the end of the data.

    Raises `InvalidModel`, and `EdgeOpsError` for data that cannot be read.
    """
    with extra("train"):
        from edgeops.training.data.find import data_files
        from edgeops.training.data.load import outage_hours, read_data, read_known
        from edgeops.training.data.quality import quality
        from edgeops.training.data.remarks import notes, warnings

        model = _model(workspace, name, data_dirs, newer_data)
        files = data_files(model)
        data = read_data(model, files.observed)
        known = read_known(model, files, data.series)
        return replace(
            quality(data, outage_hours(model, data.series)),
            notes=notes(model, data),
            warnings=warnings(model, data, known),
        )


def train(
    workspace: Workspace,
    name: str,
    *,
    horizon: int | None = None,
    shard: str | None = None,
    processes: int | None = None,
    engine: str = "loky",
    data_dirs: Sequence[Path] = (),
    newer_data: Path | None = None,
    trained: Callable[[Fitted], None] = lambda _: None,
) -> Trained:
    """Train the missing networks of a model, and export it once it is complete.

    `horizon` (steps ahead) or `shard` (such as "1/4") limits this to some of the
    networks. `processes` run at once, by default one per core; `engine` is `loky`,
    `dask` or `ray`. `trained` gets each network when it is saved. Raises
    `UsageError`, `InvalidModel`, and `EdgeOpsError` for unusable data.
    """
    if horizon is not None and shard is not None:
        raise UsageError("--horizon cannot be combined with --shard", "use one of them")
    with extra("train"):
        from edgeops.training.build import build_folder
        from edgeops.training.samples import experiment
        from edgeops.training.sweep import Engine, processes_for
        from edgeops.training.train import check_model, prepare
        from edgeops.training.train import train as run

        model = _model(workspace, name, data_dirs, newer_data)
        jobs = _jobs(model, horizon, shard)
        check_model(model)
        data = experiment(model)
        for remark in data.remarks:
            workspace.observer.note(remark)
        training = prepare(data, build_folder(model, data.sha256), jobs)
        missing = training.missing
        if len(missing) < len(jobs):
            done = len(jobs) - len(missing)
            workspace.observer.note(f"{done} of {len(jobs)} networks are already trained")
        count = processes or processes_for(model.recipe.training, len(missing))
        here = count == 1 or len(missing) == 1
        if missing:
            unit = "batches" if here else "networks"
            with workspace.observer.progress("training", unit) as tick:
                for fitted in run(training, Engine(engine), count, tick, workspace.environ):
                    trained(fitted)
        complete = training.complete()
        if complete is None:
            return Trained()

        from edgeops.source.revision import head_commit
        from edgeops.training.export import export, provenance

        origin = provenance(data, head_commit(model.root), workspace.environ)
        validation = training.training_data.validation
        now = utc(workspace.clock.now())
        facts: JsonObject = export(data, training.folder, complete, validation, origin, now)
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
    newer_data: Path | None = None,
    card: Card = lambda _: {},
) -> Evaluated:
    """Compare a trained model with its baselines and, as `champion`, its last release.

    Then compare its forecasts with those of the modules' own code (`device_check`).
    Writes the forecasts, the scorecard and the files of `card` (such as
    `edgeops.report.model_card.card_files`) next to the build. Raises `InvalidModel`,
    and `EdgeOpsError` for a model that is not trained, or a changed release file.
    """
    with extra("train"):
        from edgeops.api.device_check import device_check
        from edgeops.training.build import build_folder, facts_of, released_form
        from edgeops.training.champion import last_release
        from edgeops.training.evaluate.on_device import with_device
        from edgeops.training.evaluation import evaluate as judge
        from edgeops.training.samples import experiment
        from edgeops.training.train import check_model

        model = _model(workspace, name, data_dirs, newer_data)
        check_model(model)
        data = experiment(model, with_rows=True)
        folder = build_folder(model, data.sha256)
        facts = facts_of(folder, name)
        note = workspace.observer.note
        last = last_release(workspace.root, workspace.state, name, note) if champion else None
        with workspace.observer.progress("evaluating", "steps") as tick:
            evaluated = judge(data, folder, facts, last, tick)
        released = folder.file(released_form(model))
        with workspace.observer.progress("checking as a device", "forecasts") as tick:
            device = device_check(data, released, evaluated.forecasts, tick)
        scorecard = with_device(evaluated.scorecard, model.recipe.gates, device)
        evaluated = replace(evaluated, scorecard=scorecard)
        artifacts = tuple(folder.file(form) for form in facts["files"])
        judgement = Judgement(model, data, evaluated, artifacts, facts["provenance"])
        files = card(judgement)
        _write(folder, facts, judgement, files)
        if CARD in files:
            note(f"card: {(folder.evaluation / CARD).relative_to(model.root)}")
        return evaluated


def publish(
    workspace: Workspace,
    name: str,
    *,
    version: str | None = None,
    data_dirs: Sequence[Path] = (),
    newer_data: Path | None = None,
    sign: bool = False,
    key: Path | None = None,
) -> Published:
    """Publish the evaluated build of a model in the store of the hub, and write its release file.

    It is signed as by `publish_files`. Raises `Refused` when a gate fails or the version exists,
    and `EdgeOpsError` for a model that is not evaluated, or a store that fails.
    """
    with extra("train"):
        from edgeops.training.build import latest_build
        from edgeops.training.publish import publish as publish_build

        signed = signer(workspace, sign=sign, key=key)
        build = latest_build(_model(workspace, name, data_dirs, newer_data))
        store = artifact_store(workspace, artifact_target(workspace))
        root = workspace.root
        with workspace.observer.progress("publishing", "bytes") as tick:
            done = publish_build(
                build, root=root, store=store, version=version, progress=tick, sign=signed
            )
        return told(workspace, done, signed)


def _model(
    workspace: Workspace, name: str, data_dirs: Sequence[Path], newer_data: Path | None
) -> ModelFile:
    from edgeops.training.model_file import load_model_file
    from edgeops.training.newest import with_newer_data

    model = load_model_file(workspace.root, name, data_dirs)
    if newer_data is None:
        return model
    moved = with_newer_data(model, newer_data.resolve())
    split = moved.recipe.split
    workspace.observer.note(
        f"newer data: trained until {split.train_until}, validated until {split.validate_until},"
        f" tested until {split.test_until}"
    )
    return moved


def _jobs(model: ModelFile, horizon: int | None, shard: str | None) -> tuple[Job, ...]:
    from edgeops.training.jobs import jobs_of, of_horizon, of_shard

    jobs = jobs_of(model)
    if horizon is not None:
        jobs = of_horizon(jobs, horizon)
    return jobs if shard is None else of_shard(jobs, shard)


def _write(
    folder: BuildFolder, facts: JsonObject, judgement: Judgement, card: Mapping[str, bytes]
) -> None:
    """Write the files of an evaluation; the scorecard last, since it marks them as complete."""
    from edgeops.files import write_whole
    from edgeops.training.build import evaluation_key
    from edgeops.training.evaluate.scorecard_json import to_json
    from edgeops.training.evaluate.table import write_table

    evaluation = folder.evaluation
    evaluation.mkdir(parents=True, exist_ok=True)
    write_table(evaluation / "forecasts.parquet", judgement.evaluated.forecasts)
    for file, data in card.items():
        write_whole(evaluation / file, data)
    scorecard = to_json(judgement.evaluated.scorecard)
    document = {"inputs": evaluation_key(judgement.model, facts), "scorecard": scorecard}
    write_whole(evaluation / "scorecard.json", json.dumps(document, indent=1).encode() + b"\n")
