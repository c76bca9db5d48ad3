"""From a model file to its data: observations, data known in advance, window and split."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgeops.errors import EdgeOpsError
from edgeops.features.device_limits import HOURS_KEPT
from edgeops.features.series import HourlySeries
from edgeops.features.spec import Base, Hour, Unit, WindowSpec
from edgeops.training.data.akl import NAME as AKL
from edgeops.training.data.akl import ZONE as AKL_ZONE
from edgeops.training.data.akl import read_akl
from edgeops.training.data.data_file import DataFile
from edgeops.training.data.dataset import Dataset
from edgeops.training.data.find import DataFiles
from edgeops.training.data.known import read_events, read_weather, together
from edgeops.training.data.seasonal import Fit, seasonal_profile
from edgeops.training.data.split import Period, Split
from edgeops.training.data.table import read_table
from edgeops.training.data.unit import UnitFit, unit_of
from edgeops.training.data.usual_zeros import OUTAGE_HOURS, UsualZeros, usual_zeros
from edgeops.training.model_file import ModelFile


def read_data(model: ModelFile, observed: DataFile, *, with_rows: bool = False) -> Dataset:
    """The observations of a model. Raises `EdgeOpsError`.

    `with_rows`: also the rows of a table that a device has for the windows of the test part.
    """
    data = model.recipe.data
    if data.source == AKL:
        if data.site.time_zone != AKL_ZONE:
            raise EdgeOpsError(
                f"{AKL} is of {AKL_ZONE}, the site is in {data.site.time_zone}",
                f"set `data.site.timeZone: {AKL_ZONE}` in model.yaml",
            )
        return read_akl(observed)
    assert data.table is not None, "`observed_file` has read it"
    since = None
    if with_rows:
        tested = split_of(model).validate_until.astype("datetime64[s]").astype(np.int64)
        since = int(tested) - (HOURS_KEPT + 48) * 3600  # 48: dates are on the clock of a zone
    return read_table(observed, data.table, data.site.time_zone, since)


def read_known(
    model: ModelFile, files: DataFiles, observed: HourlySeries | None = None
) -> HourlySeries | None:
    """The events and the weather of a model; None if it has neither. Raises `EdgeOpsError`.

    With `observed`, only the events that its windows can see.
    """
    data, parts = model.recipe.data, []
    if files.events:
        parts.append(read_events(files.events, observed))
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

    The unit, and a base `stl` or `mstl`, are fitted on the training part of `data`;
    it tells which zeros are usual, too. Without it the unit is that of counts.
    `known` is needed for what `weather:` features have where they are not known.
    `hour` is how the values of its hours were made.
    """
    recipe, transforms = model.recipe, model.recipe.transforms
    unit = _unit(model, data)
    spec = WindowSpec(
        features=recipe.features,
        columns=columns,
        site=recipe.data.site,
        steps=recipe.window.steps,
        horizon=recipe.horizons.steps,
        interval=transforms.interval_hours,
        base=_base(model, data, unit),
        level_hours=transforms.level_hours,
        smoothing=transforms.smoothing,
        outage_hours=_zeros_missing(model, data, unit),
        hour=hour,
        unit=unit,
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


def outage_hours(model: ModelFile, data: HourlySeries | None = None) -> int:
    """How many zeros in a row are an outage: as model.yaml says, or as is usual in the data."""
    hours = model.recipe.repairs.outage_hours
    if hours is not None:
        return hours
    return OUTAGE_HOURS if data is None else zeros_of(model, data).outage_hours


def zeros_of(model: ModelFile, data: HourlySeries) -> UsualZeros:
    """The zeros that are usual in the columns of the target.

    They are looked for in all its columns at once: a device has one rule for all of them.
    """
    return usual_zeros(data, target_columns(model, data.columns))


def _zeros_missing(model: ModelFile, data: HourlySeries | None, unit: Unit) -> int:
    """`outage_hours`, but never where zero is a value like others."""
    return 0 if unit.is_signed else outage_hours(model, data)


def _unit(model: ModelFile, data: HourlySeries | None) -> Unit:
    recipe = model.recipe
    if data is None:
        return Unit(most=recipe.target.capacity)
    fit = UnitFit(
        recipe.transforms.interval_hours,
        outage_hours(model, data),
        split_of(model),
        recipe.target.capacity,
    )
    return unit_of(data, _targets(model, data), fit)


def _targets(model: ModelFile, data: HourlySeries) -> tuple[tuple[str, ...], ...]:
    """The columns of each series: all of the target, or each of a pooled one."""
    columns = target_columns(model, data.columns)
    return tuple((column,) for column in columns) if model.recipe.target.is_pooled else (columns,)


def _base(model: ModelFile, data: HourlySeries | None, unit: Unit) -> Base:
    recipe = model.recipe
    adjustment = recipe.transforms.seasonal_adjustment
    base = Base(adjustment.kind, adjustment.weeks)
    if not base.is_fitted:
        return base
    assert data is not None, "a profile is fitted on data"
    fit = Fit(
        base.kind,
        recipe.transforms.interval_hours,
        _zeros_missing(model, data, unit),
        split_of(model),
        unit,
    )
    return replace(base, profile=seasonal_profile(data, _targets(model, data), fit))


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
