"""The training jobs of a model file, and the selection of some of them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from edgeops.errors import UsageError
from edgeops.training.model_file import ModelFile
from edgeops.training.network import Network
from edgeops.training.training_data import Job

_SHARD = re.compile(r"([1-9]\d{0,3})/([1-9]\d{0,3})\Z")


def network_of(model: ModelFile) -> Network:
    """The network that forecasts all steps ahead of a model."""
    recipe = model.recipe
    ahead = tuple(range(1, recipe.horizons.steps + 1))
    return Network(recipe.network, recipe.features, recipe.window.steps, ahead)


def jobs_of(model: ModelFile) -> tuple[Job, ...]:
    """All jobs of a model: one per seed and, for `horizons.models: each`, per step ahead."""
    steps = network_of(model).steps_ahead
    each = model.recipe.horizons.models == "each"
    groups = [(step,) for step in steps] if each else [steps]
    return tuple(Job(group, seed) for group in groups for seed in model.recipe.seeds)


def of_horizon(jobs: Sequence[Job], horizon: int) -> tuple[Job, ...]:
    """The jobs that forecast only one step ahead. Raises `UsageError` if there is none."""
    chosen = tuple(job for job in jobs if job.steps_ahead == (horizon,))
    if not chosen:
        single = sorted({job.steps_ahead[0] for job in jobs if len(job.steps_ahead) == 1})
        hint = (
            f"its horizons are {single[0]} to {single[-1]}"
            if single
            else "one network forecasts all horizons; see `horizons.models` in model.yaml"
        )
        raise UsageError(f"the model has no separate network for horizon {horizon}", hint)
    return chosen


def of_shard(jobs: Sequence[Job], shard: str) -> tuple[Job, ...]:
    """The jobs of the shard `i/n`: every n-th, from the i-th. Raises `UsageError`."""
    match = _SHARD.match(shard)
    if match is None or int(match[1]) > int(match[2]):
        raise UsageError(f"`{shard}` is not a shard", "give NUMBER/COUNT, such as 1/4")
    return tuple(jobs[int(match[1]) - 1 :: int(match[2])])
