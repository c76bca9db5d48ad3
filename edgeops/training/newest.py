"""A model file with newer data: the split moves to the end of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from edgeops.training.data.find import observed_file
from edgeops.training.data.load import read_data, split_of, target_columns
from edgeops.training.model_file import ModelFile

_WEEK = np.timedelta64(7, "D")
_DAY = np.timedelta64(1, "D")


def with_newer_data(model: ModelFile, folder: Path) -> ModelFile:
    """The model file whose data is first looked for in a folder, with the split at its end.

    The dates of the split move together, by whole weeks, so that the parts keep their lengths and
    days of the week. They stay where that would be no week. Raises `EdgeOpsError` as `read_data`.
    """
    newer = replace(model, newer_data=folder)
    series = read_data(newer, observed_file(newer)).series
    values = series.select(target_columns(newer, series.columns)).values
    known = np.flatnonzero(np.isfinite(values).any(axis=1))
    split = split_of(model)
    if not len(known):
        return newer
    end = series.start + (known[-1] + 1) * np.timedelta64(1, "h")  # of the last hour
    weeks = (end.astype("datetime64[D]") - _DAY - split.test_until) // _WEEK
    moved = max(0, int(weeks)) * _WEEK
    dates = {
        "trainUntil": str(split.train_until + moved),
        "validateUntil": str(split.validate_until + moved),
        "testUntil": str(split.test_until + moved),
    }
    return replace(newer, spec={**model.spec, "split": dates})
