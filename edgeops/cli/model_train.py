"""`edgeops model train`."""

from __future__ import annotations

import os
import sys
import time
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from edgeops.cli.model_extra import DataDirs, extra_train
from edgeops.cli.settings import Settings, say, settings, workspace
from edgeops.errors import UsageError

if TYPE_CHECKING:
    from edgeops.jsonvalue import JsonObject
    from edgeops.training.fitted import Fitted
    from edgeops.training.model_file import ModelFile
    from edgeops.training.train import Training
    from edgeops.training.training_data import Job


class Backend(StrEnum):
    """Where trainings run."""

    LOKY = "loky"
    DASK = "dask"
    RAY = "ray"


def train(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The folder of the model in models/.")],
    horizon: Annotated[
        int | None,
        typer.Option(min=1, help="Only the network of this horizon (`horizons.models: each`)."),
    ] = None,
    shard: Annotated[
        str | None,
        typer.Option(metavar="I/N", help="Only every N-th training, from the I-th on."),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", "-j", min=1, help="Trainings at once; as many as there are cores."),
    ] = None,
    backend: Annotated[
        Backend,
        typer.Option(help="Processes of this machine, or an existing Dask or Ray cluster."),
    ] = Backend.LOKY,
    data_dir: DataDirs = None,
) -> None:
    """Train a model as its model.yaml says, and export it to ONNX.

    What is trained already is not trained again, and a training that was cut
    off goes on after its last epoch; both end with the same weights, to the
    bit, on the same machine. Results are in .edgeops/models/.

    Paths in model.yaml start at the folder of the repository. What is not there
    is looked for below each --data-dir. Links are not followed.

    \b
    Examples:
      edgeops model train crowdedness-24h
      edgeops model train crowdedness-horizons --jobs 4
      edgeops model train my-model --data-dir /mnt/counts
      edgeops model train crowdedness-horizons --shard 1/6     in a workflow matrix
      DASK_SCHEDULER_ADDRESS=tcp://10.0.0.5:8786 edgeops model train street-24h --backend dask
    """
    options = settings(context)
    if horizon is not None and shard is not None:
        raise UsageError("--horizon and --shard exclude each other", "give one of them")
    with extra_train():
        from edgeops.training.model_file import load_model_file

        model = load_model_file(workspace(options).root, name, data_dir or ())
        _train(options, model, _jobs(model, horizon, shard), jobs, backend)


def _jobs(model: ModelFile, horizon: int | None, shard: str | None) -> tuple[Job, ...]:
    from edgeops.training.jobs import jobs_of, of_horizon, of_shard

    jobs = jobs_of(model)
    if horizon is not None:
        jobs = of_horizon(jobs, horizon)
    return jobs if shard is None else of_shard(jobs, shard)


def _train(
    options: Settings,
    model: ModelFile,
    jobs: tuple[Job, ...],
    processes: int | None,
    backend: Backend,
) -> None:
    from edgeops.training.build import build_folder
    from edgeops.training.samples import experiment
    from edgeops.training.sweep import Engine, processes_for
    from edgeops.training.train import Where, check_model, prepare

    check_model(model)
    data = experiment(model)
    training = prepare(data, build_folder(model, data.sha256), jobs)
    count = processes or processes_for(model.section("training"), len(training.missing))
    _run(options, training, Where(Engine(backend.value), count))
    done = training.complete()
    if done is None:
        typer.echo("exported once all trainings are done: run it again without the option")
        return
    _export(training, done)


def _run(options: Settings, training: Training, where: object) -> None:
    from edgeops.report.progress import progress
    from edgeops.training.train import Where, train

    assert isinstance(where, Where)
    missing = training.missing
    if len(missing) < len(training.jobs):
        options.note(f"{len(training.jobs) - len(missing)} of {len(training.jobs)} trained already")
    if not missing:
        return
    here = where.processes == 1 or len(missing) == 1
    with progress(
        "training",
        sys.stderr,
        clock=time.monotonic,
        quiet=options.quiet,
        color=options.color,
        unit="batches" if here else "networks",
    ) as tick:
        for fitted in train(training, where, tick, os.environ):
            _say(fitted)


def _say(fitted: Fitted) -> None:
    best = min(fitted.history)
    epoch = fitted.history.index(best) + 1
    say(
        f"{fitted.job.name}  weights {fitted.sha256[:12]}  validation error {best:.2%}"
        f" (epoch {epoch} of {len(fitted.history)})"
    )


def _export(training: Training, done: tuple[Fitted, ...]) -> None:
    from edgeops.report.words import size
    from edgeops.source.revision import head_commit
    from edgeops.training.export import export, provenance

    data, folder = training.data, training.folder
    made = provenance(data, head_commit(data.model.root), os.environ)
    facts: JsonObject = export(data, folder, done, training.training_data.validation, made)
    for form, one in facts["files"].items():
        path = folder.file(form).relative_to(data.model.root)
        say(f"{path}  {size(one['size'])}  sha256 {one['sha256']}")
    typer.echo(f"differs from Keras by at most {facts['parity']:.1e}")
