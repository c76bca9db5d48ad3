"""The same weights come out wherever a training runs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgeops.errors import EdgeOpsError
from edgeops.training.recipe import NetworkSection
from edgeops.training.sweep import Engine, Task, processes_for, run_apart, run_here
from edgeops.training.training_data import Job
from tests.training.conftest import TRAINING, made_network, made_training_data

pytestmark = pytest.mark.usefixtures("keras_backend")

JOBS = (Job((1,), 1), Job((2,), 1))


@pytest.fixture
def task() -> Task:
    network = made_network(NetworkSection("article-lstm", encoder=3))
    return Task(network, TRAINING, made_training_data(1))


@pytest.fixture
def checkpoint(tmp_path):
    return lambda job: tmp_path / f"{job.name}.npz"


@pytest.fixture
def expected(task, checkpoint) -> dict[str, str]:
    """The digest of each job, trained in this process."""
    ticks = []
    done = list(run_here(task, JOBS, checkpoint, lambda *tick: ticks.append(tick)))
    assert ticks[-1] == (14, 14)  # 2 jobs of 7 batches
    return {result.job.name: result.sha256 for result in done}


def test_in_processes_of_this_machine(task, checkpoint, expected):
    ticks = []
    done = run_apart(
        task,
        JOBS,
        checkpoint,
        lambda *tick: ticks.append(tick),
        engine=Engine.LOKY,
        processes=2,
        environ={},
    )
    assert {result.job.name: result.sha256 for result in done} == expected
    assert ticks == [(1, 2), (2, 2)]


def test_on_a_dask_cluster(task, checkpoint, expected):
    distributed = pytest.importorskip("distributed", reason="needs the extra dask")
    cluster = distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address=None, silence_logs=50
    )
    with cluster:
        done = run_apart(
            task,
            JOBS,
            checkpoint,
            lambda *_: None,
            engine=Engine.DASK,
            processes=1,
            environ={"DASK_SCHEDULER_ADDRESS": cluster.scheduler_address},
        )
        assert {result.job.name: result.sha256 for result in done} == expected


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({}, "the address of the Dask cluster is not set"),
        ({"DASK_SCHEDULER_ADDRESS": "nonsense://x"}, "no Dask scheduler answers at nonsense://x"),
    ],
)
def test_no_cluster(task, checkpoint, environ, message):
    pytest.importorskip("distributed", reason="needs the extra dask")
    running = run_apart(
        task,
        JOBS,
        checkpoint,
        lambda *_: None,
        engine=Engine.DASK,
        processes=1,
        environ=environ,
    )
    with pytest.raises(EdgeOpsError, match=message):
        next(running)


def test_as_many_at_once_as_there_are_cores():
    assert processes_for(replace(TRAINING, threads=1), 1) == 1
    assert processes_for(replace(TRAINING, threads=4096), 10) == 1
