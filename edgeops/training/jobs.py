"""What a model file asks for: trainings, and which of them are this machine's; baselines."""

from __future__ import annotations

import re
from collections.abc import Sequence

from edgeops.errors import UsageError
from edgeops.training.evaluate.baselines import BASELINES
from edgeops.training.lessons import Job
from edgeops.training.model_file import ModelFile
from edgeops.training.network import Shape

_SHARD = re.compile(r"([1-9]\d{0,3})/([1-9]\d{0,3})\Z")


def shape_of(model: ModelFile) -> Shape:
    """What the whole model takes and gives."""
    horizon = model.section("horizons").get("steps", 24)
    return Shape(
        tuple(model.spec["features"]),
        model.section("window").get("steps", 24),
        tuple(range(1, horizon + 1)),
        tuple(model.section("network").get("quantiles", (0.5,))),
    )


def baselines_of(model: ModelFile) -> tuple[str, ...]:
    """The baselines that a model is compared with."""
    return tuple(model.spec.get("baselines", BASELINES))


def jobs_of(model: ModelFile) -> tuple[Job, ...]:
    """All trainings of a model: one a seed and, for `horizons.models: each`, one a step ahead."""
    steps = shape_of(model).steps_ahead
    each = model.section("horizons").get("models", "one") == "each"
    groups = [(step,) for step in steps] if each else [steps]
    return tuple(Job(group, seed) for group in groups for seed in model.spec.get("seeds", (1,)))


def of_horizon(jobs: Sequence[Job], horizon: int) -> tuple[Job, ...]:
    """The jobs that forecast one step ahead alone. Raises `UsageError` when there is none."""
    found = tuple(job for job in jobs if job.steps_ahead == (horizon,))
    if not found:
        single = sorted({job.steps_ahead[0] for job in jobs if len(job.steps_ahead) == 1})
        hint = (
            f"its horizons are {single[0]} to {single[-1]}"
            if single
            else "one network forecasts all horizons; see `horizons.models` in model.yaml"
        )
        raise UsageError(f"the model has no network for horizon {horizon} alone", hint)
    return found


def of_shard(jobs: Sequence[Job], shard: str) -> tuple[Job, ...]:
    """The jobs of the shard `i/n`: every n-th. Raises `UsageError` when it makes no sense."""
    match = _SHARD.match(shard)
    if match is None or int(match[1]) > int(match[2]):
        raise UsageError(f"`{shard}` is not a shard", "give number/count, as 1/4 for the first")
    return tuple(jobs[int(match[1]) - 1 :: int(match[2])])
