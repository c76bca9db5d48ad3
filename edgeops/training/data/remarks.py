"""What is to be said about the data of a model: what was recognised, and what is hardly meant."""

from __future__ import annotations

from edgeops.features.known import EVENT
from edgeops.features.series import HourlySeries
from edgeops.training.data.dataset import Dataset
from edgeops.training.data.known import silent_events
from edgeops.training.data.load import zeros_of
from edgeops.training.model_file import ModelFile


def notes(model: ModelFile, dataset: Dataset) -> tuple[str, ...]:
    """What was recognised in the data, and is not in model.yaml. Raises `EdgeOpsError`."""
    if model.recipe.repairs.outage_hours is not None:
        return dataset.notes
    found = zeros_of(model, dataset.series).found
    return (*dataset.notes, found) if found else dataset.notes


def warnings(model: ModelFile, dataset: Dataset, known: HourlySeries | None) -> tuple[str, ...]:
    """What is probably not meant in the data."""
    if known is None:
        return dataset.warnings
    silent = silent_events(known, dataset.series)
    if silent and len(silent) == sum(name.startswith(EVENT) for name in known.columns):
        return (*dataset.warnings, "no event touches an hour of the data: check the dates")
    used = [name for name in model.recipe.features if name in silent]
    told = (f"`{name}` touches no hour of the data: check the dates" for name in used)
    return (*dataset.warnings, *told)
