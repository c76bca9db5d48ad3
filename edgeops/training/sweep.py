"""Runs training jobs: in this process, in several processes, or on a Dask or Ray cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from edgeops.errors import EdgeOpsError
from edgeops.processors import processors
from edgeops.training import backend
from edgeops.training.data.dataset import missing_package
from edgeops.training.fit import Tick, fit
from edgeops.training.fitted import Fitted
from edgeops.training.network import Network
from edgeops.training.recipe import TrainingSection
from edgeops.training.training_data import Job, TrainingData


class Engine(StrEnum):
    """Where jobs run: in processes of this machine (loky), or on an existing cluster."""

    LOKY = "loky"
    DASK = "dask"
    RAY = "ray"


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """The part that all jobs of a model share."""

    network: Network
    training: TrainingSection
    training_data: TrainingData


def run_here(
    task: Task, jobs: Sequence[Job], checkpoint: Callable[[Job], Path], tick: Tick
) -> Iterator[Fitted]:
    """Run jobs one by one in this process; `tick` gets the batches done and their total."""
    backend.start(task.training)
    for number, job in enumerate(jobs):

        def step(done: int, total: int, number: int = number) -> None:
            tick(number * total + done, len(jobs) * total)

        yield fit(job, task.network, task.training, task.training_data, checkpoint(job), step)


def run_apart(
    task: Task,
    jobs: Sequence[Job],
    checkpoint: Callable[[Job], Path],
    tick: Tick,
    *,
    engine: Engine,
    processes: int,
    environ: Mapping[str, str],
) -> Iterator[Fitted]:
    """Run jobs in `processes` processes at once; gives each result when it is ready.

    `tick` gets the jobs done and their total. There are no checkpoints on a
    cluster, since its machines may not see the local files. Raises
    `EdgeOpsError` when the cluster cannot be reached.
    """
    from joblib import Parallel, delayed

    with _engine(engine, environ):
        # Ray supports only a list.
        form = "list" if engine is Engine.RAY else "generator_unordered"
        running = Parallel(n_jobs=processes, return_as=form)
        here = engine is Engine.LOKY
        results = running(
            delayed(_train)(task, job, checkpoint(job) if here else None) for job in jobs
        )
        for number, fitted in enumerate(results, start=1):
            tick(number, len(jobs))
            yield fitted


def processes_for(training: TrainingSection, jobs: int) -> int:
    """The number of jobs that this machine runs at once."""
    return max(1, min(jobs, processors() // training.threads))


def _train(task: Task, job: Job, checkpoint: Path | None) -> Fitted:
    """Run one job in a worker process, without progress."""
    backend.start(task.training)
    return fit(job, task.network, task.training, task.training_data, checkpoint, lambda *_: None)


@contextmanager
def _engine(engine: Engine, environ: Mapping[str, str]) -> Iterator[None]:
    from joblib import parallel_config

    if engine is Engine.LOKY:
        with parallel_config("loky", inner_max_num_threads=1):
            yield
        return
    connect = _dask if engine is Engine.DASK else _ray
    with connect(environ), parallel_config(engine.value):
        yield


@contextmanager
def _dask(environ: Mapping[str, str]) -> Iterator[None]:
    address = environ.get("DASK_SCHEDULER_ADDRESS")
    if not address:
        raise EdgeOpsError(
            "the address of the Dask cluster is not set",
            "set DASK_SCHEDULER_ADDRESS, such as tcp://10.0.0.5:8786",
        )
    try:
        from distributed import Client
    except ModuleNotFoundError as error:
        raise missing_package("distributed", "dask") from error
    try:
        connect: Any = Client  # not typed
        client = connect(address, timeout="10s", set_as_default=True)
    except (OSError, ValueError) as error:
        raise EdgeOpsError(
            f"no Dask scheduler answers at {address}",
            "check that it is running and reachable from this machine",
        ) from error
    with client:
        yield


@contextmanager
def _ray(environ: Mapping[str, str]) -> Iterator[None]:
    try:
        import ray
        from ray.util.joblib import register_ray
    except ModuleNotFoundError as error:
        raise missing_package("ray", "ray") from error
    try:
        ray.init(address=environ.get("RAY_ADDRESS", "auto"), log_to_driver=False)
    except (ConnectionError, ValueError) as error:
        raise EdgeOpsError("no Ray cluster was found", "start one, or set RAY_ADDRESS") from error
    register_ray()
    try:
        yield
    finally:
        ray.shutdown()
