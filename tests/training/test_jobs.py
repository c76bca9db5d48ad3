"""Which networks a recipe trains, and how they are divided into shards."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.errors import UsageError
from edgeops.training.fit import Job
from edgeops.training.jobs import jobs_of, of_horizon, of_shard
from edgeops.training.model_file import ModelFile
from tests.training.conftest import LEAST


def model(**spec) -> ModelFile:
    return ModelFile("m", Path(), {**LEAST, **spec}, "")


EACH = model(horizons={"steps": 3, "models": "each"}, seeds=[1, 2])


def test_one_network_for_all_horizons_is_one_job_a_seed():
    jobs = jobs_of(model(horizons={"steps": 3}, seeds=[4, 5]))
    assert [job.name for job in jobs] == ["h1-3-s4", "h1-3-s5"]


def test_a_network_for_each_horizon_is_a_job_each():
    assert [job.name for job in jobs_of(EACH)] == [
        "h1-s1", "h1-s2", "h2-s1", "h2-s2", "h3-s1", "h3-s2",
    ]  # fmt: skip
    assert of_horizon(jobs_of(EACH), 2) == (Job((2,), 1), Job((2,), 2))


def test_a_horizon_without_a_network_of_its_own():
    with pytest.raises(UsageError, match="no separate network for horizon 9") as error:
        of_horizon(jobs_of(EACH), 9)
    assert error.value.hint == "its horizons are 1 to 3"
    with pytest.raises(UsageError) as error:
        of_horizon(jobs_of(model()), 1)
    assert "one network forecasts all horizons" in error.value.hint


@given(st.integers(1, 40), st.integers(1, 12))
def test_shards_are_all_jobs_once(count, shards):
    jobs = [Job((step,), 1) for step in range(1, count + 1)]
    parts = [of_shard(jobs, f"{index}/{shards}") for index in range(1, shards + 1)]
    assert sorted(job.steps_ahead for part in parts for job in part) == [
        job.steps_ahead for job in jobs
    ]


@pytest.mark.parametrize("shard", ["", "3", "0/4", "5/4", "1/0", "a/b", "1/2/3", "-1/2"])
def test_a_shard_that_does_not_exist_is_an_error(shard):
    with pytest.raises(UsageError, match="is not a shard"):
        of_shard(jobs_of(EACH), shard)
