"""Trains the jobs of a model that have no result yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgeops.errors import EdgeOpsError
from edgeops.features.context_document import MAX_NAMES, MAX_SERIES
from edgeops.features.device_limits import MAX_INPUTS, name_fault, quantiles_fault, unit_fault
from edgeops.features.known import EVENT, WEATHER, known_columns
from edgeops.training.build import BuildFolder
from edgeops.training.evaluate.gates import check_gates
from edgeops.training.evaluate.judge import slices_of
from edgeops.training.evaluate.scorecard import ALL, OWN
from edgeops.training.examples import training_data_of
from edgeops.training.fit import Tick
from edgeops.training.fits_device import check_fits_device
from edgeops.training.fitted import Fitted, save
from edgeops.training.jobs import jobs_of, network_of
from edgeops.training.model_file import ModelFile
from edgeops.training.network import check
from edgeops.training.other_release import check_releases
from edgeops.training.recipe import Recipe
from edgeops.training.samples import Experiment
from edgeops.training.sweep import Engine, Task, run_apart, run_here
from edgeops.training.training_data import Job, TrainingData


@dataclass(frozen=True, slots=True, eq=False)
class Training:
    """A model with its data, and the jobs to train now."""

    data: Experiment
    folder: BuildFolder
    jobs: tuple[Job, ...]
    training_data: TrainingData

    @property
    def missing(self) -> tuple[Job, ...]:
        """The jobs without a result."""
        return tuple(job for job in self.jobs if self.folder.fitted(job) is None)

    def complete(self) -> tuple[Fitted, ...] | None:
        """The results of all jobs of the model; None while any is missing."""
        jobs = jobs_of(self.data.model)
        done = tuple(result for job in jobs if (result := self.folder.fitted(job)) is not None)
        return done if len(done) == len(jobs) else None


def prepare(data: Experiment, folder: BuildFolder, jobs: Sequence[Job]) -> Training:
    """Check a model file against its data and devices, cut the windows. Raises `EdgeOpsError`."""
    check_model(data.model)
    check_fits_device(data)
    training = Training(data, folder, tuple(jobs), training_data_of(data))
    for series in data.series:
        data.check_part(series, "test")  # the export needs it, after hours of training
    _check_weights(training.training_data)
    return training


def _check_weights(training_data: TrainingData) -> None:
    parts = [*(stage.data for stage in training_data.stages), training_data.validation]
    if any(not (part.weight[~np.isnan(part.ratio)] > 0).any() for part in parts):
        raise EdgeOpsError(
            "no forecast hour has a weight above 0",
            "check `target.hours`, `target.otherHours` and `window.origins` in model.yaml",
        )


def check_model(model: ModelFile) -> None:
    """Check a model file without its data. Raises `EdgeOpsError`."""
    recipe, network = model.recipe, network_of(model)
    check(network)
    _check_device_limits(recipe)
    for name, hours in ((ALL, "all hours"), (OWN, "`target.hours`")):
        if name in recipe.use_cases:
            raise EdgeOpsError(f"the use case name `{name}` is reserved for {hours}", "rename it")
    _check_context(known_columns(recipe.features))
    if recipe.training.context_dropout and not known_columns(recipe.features):
        raise EdgeOpsError(
            "`training.contextDropout` hides what is known ahead, but no feature is of that kind",
            "add `event:` or `weather:` features, or remove it",
        )
    check_releases(model.name, recipe.baselines)
    check_gates(
        recipe.gates,
        recipe.baselines,
        network.quantiles,
        slices_of(recipe),
        context=bool(known_columns(recipe.features)),
    )


def _check_device_limits(recipe: Recipe) -> None:
    """Raises `EdgeOpsError` for what a device refuses in the metadata of a model."""
    if fault := quantiles_fault(recipe.network.quantiles):
        raise EdgeOpsError(fault, "change `network.quantiles` in model.yaml")
    if fault := unit_fault(recipe.target.unit):
        raise EdgeOpsError(fault, "change `target.unit` in model.yaml")
    if len(recipe.features) > MAX_INPUTS:
        raise EdgeOpsError(
            f"the model has {len(recipe.features):,} features, a device takes {MAX_INPUTS:,}",
            "remove some of `features` in model.yaml",
        )


def _check_context(columns: Sequence[str]) -> None:
    """Raises `EdgeOpsError` for a column that a device could not be told."""
    for column in columns:
        if fault := name_fault(column.partition(":")[2]):
            raise EdgeOpsError(
                f"no device can be told the feature `{column}`: of its name, {fault}",
                "rename it in the data and in `features` of model.yaml",
            )
    for prefix, most in ((WEATHER, MAX_SERIES), (EVENT, MAX_NAMES)):
        if sum(column.startswith(prefix) for column in columns) > most:
            raise EdgeOpsError(
                f"the model has more than {most} `{prefix}` features",
                f"a device can be told {most}: remove some of them",
            )


def train(
    training: Training, engine: Engine, processes: int, tick: Tick, environ: Mapping[str, str]
) -> Iterator[Fitted]:
    """Train the missing jobs, `processes` at once; each result is saved before it is given.

    Raises `EdgeOpsError`.
    """
    model, folder, jobs = training.data.model, training.folder, training.missing
    task = Task(network_of(model), model.recipe.training, training.training_data)
    if engine is Engine.LOKY and (processes == 1 or len(jobs) == 1):
        results = run_here(task, jobs, folder.checkpoint, tick)
    else:
        results = run_apart(
            task, jobs, folder.checkpoint, tick, engine=engine, processes=processes, environ=environ
        )
    for fitted in results:
        save(fitted, folder.job(fitted.job))
        folder.checkpoint(fitted.job).unlink(missing_ok=True)
        yield fitted
