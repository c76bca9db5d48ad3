"""From a model file to its data: observations, data known in advance, window and split."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgeops.errors import EdgeOpsError
from edgeops.features.series import HourlySeries
from edgeops.features.spec import Base, Hour, WindowSpec
from edgeops.training.data.akl import NAME as AKL
from edgeops.training.data.akl import read_akl
from edgeops.training.data.data_file import DataFile
from edgeops.training.data.dataset import Dataset
from edgeops.training.data.find import DataFiles
from edgeops.training.data.known import read_events, read_weather, together
from edgeops.training.data.seasonal import Fit, seasonal_profile
from edgeops.training.data.split import Period, Split
from edgeops.training.data.table import read_table
from edgeops.training.model_file import ModelFile


def read_data(model: ModelFile, observed: DataFile) -> Dataset:
    """The observations of a model. Raises `EdgeOpsError`."""
    data = model.recipe.data
    if data.source == AKL:
        return read_akl(observed)
    assert data.table is not None, "`observed_file` has read it"
    return read_table(observed, data.table, data.site.time_zone)


def read_known(model: ModelFile, files: DataFiles) -> HourlySeries | None:
    """The events and the weather of a model; None if it has neither. Raises `EdgeOpsError`."""
    data, parts = model.recipe.data, []
    if files.events:
        parts.append(read_events(files.events))
    if files.weather and data.weather:
        parts.append(read_weather(files.weather, data.weather, data.site.time_zone))
    return together(parts)


def target_columns(model: ModelFile, available: tuple[str, ...]) -> tuple[str, ...]:
    """The columns of the target. Raises `EdgeOpsError` for one that does not exist."""
    target = model.recipe.target
    wanted = available if target.columns == "all" else target.columns
    for name in (*wanted, *target.except_):
        if name not in available:
            raise EdgeOpsError(
                f"the data has no column `{name}`, which the target of {model.name} names",
                f"the columns are {', '.join(available)}",
            )
    return tuple(name for name in wanted if name not in target.except_)


def window_spec(
    model: ModelFile,
    columns: tuple[str, ...],
    data: HourlySeries | None = None,
    known: HourlySeries | None = None,
    hour: Hour = Hour(),
) -> WindowSpec:
    """The window of a model over these columns. Raises `EdgeOpsError` if it is invalid.

    `data` is needed only for a base `stl` or `mstl`, which is fitted on its
    training part; so is what `weather:` features have where they are not known, on `known`.
    `hour` is how the values of its hours were made.
    """
    recipe, transforms = model.recipe, model.recipe.transforms
    spec = WindowSpec(
        features=recipe.features,
        columns=columns,
        site=recipe.data.site,
        steps=recipe.window.steps,
        horizon=recipe.horizons.steps,
        interval=transforms.interval_hours,
        base=_base(model, data),
        level_hours=transforms.level_hours,
        smoothing=transforms.smoothing,
        outage_hours=recipe.repairs.outage_hours,
        hour=hour,
    )
    if known is None or not spec.weather:
        return spec
    return replace(spec, unknown=tuple(_usual(model, known, name) for name in spec.weather))


def _usual(model: ModelFile, known: HourlySeries, name: str) -> float:
    """The mean of a column over the training part, to six digits; 0 if it is not known there."""
    end = known.index((split_of(model).train_until + 1).astype("datetime64[h]"))
    values = known.column(name)[: max(0, end)]
    values = values[np.isfinite(values)]
    return float(f"{values.mean():.6g}") if len(values) else 0.0


def _base(model: ModelFile, data: HourlySeries | None) -> Base:
    recipe = model.recipe
    adjustment = recipe.transforms.seasonal_adjustment
    base = Base(adjustment.kind, adjustment.weeks)
    if not base.is_fitted:
        return base
    assert data is not None, "a profile is fitted on data"
    columns = target_columns(model, data.columns)
    targets = tuple((column,) for column in columns) if recipe.target.is_pooled else (columns,)
    fit = Fit(
        base.kind, recipe.transforms.interval_hours, recipe.repairs.outage_hours, split_of(model)
    )
    return replace(base, profile=seasonal_profile(data, targets, fit))


def split_of(model: ModelFile) -> Split:
    """The split and the exclusions of a model. Raises `EdgeOpsError` if they are invalid."""
    split, exclusions = model.recipe.split, model.recipe.exclusions
    return Split(
        _day(split.train_until),
        _day(split.validate_until),
        _day(split.test_until),
        tuple(Period(_day(period.from_), _day(period.to)) for period in exclusions.periods),
        exclusions.grace_days,
    )


def _day(text: str) -> np.datetime64:
    try:
        return np.datetime64(text, "D")
    except ValueError as error:
        raise EdgeOpsError(
            f"`{text}` is not a date", "check `split` and `exclusions` in model.yaml"
        ) from error
