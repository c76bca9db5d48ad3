"""From a model file to its data: observations, what is known ahead, window, split."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from edgeops.errors import EdgeOpsError
from edgeops.features.series import HourlySeries
from edgeops.features.spec import Base, Site, WindowSpec
from edgeops.features.transforms import Smoothing
from edgeops.training.data.akl import NAME as AKL
from edgeops.training.data.akl import read_akl
from edgeops.training.data.data_file import DataFile
from edgeops.training.data.dataset import Dataset
from edgeops.training.data.find import DataFiles
from edgeops.training.data.known import read_events, read_weather, together
from edgeops.training.data.seasonal import Fit, seasonal_profile
from edgeops.training.data.split import Period, Split
from edgeops.training.data.table import Table, read_table
from edgeops.training.model_file import ModelFile
from edgeops.twin import JsonObject

OUTAGE_HOURS = 12
INTERPOLATE_HOURS = 1


def read_data(model: ModelFile, observed: DataFile) -> Dataset:
    """The observations that a model learns from. Raises `EdgeOpsError`."""
    data = model.section("data")
    if data["source"] == AKL:
        return read_akl(observed)
    return read_table(_table(model, data["table"], observed))


def read_known(model: ModelFile, files: DataFiles) -> HourlySeries | None:
    """The events and the weather of a model; None without. Raises `EdgeOpsError`."""
    parts = []
    if files.events:
        parts.append(read_events(files.events))
    if files.weather:
        parts.append(read_weather(_table(model, model.section("data")["weather"], files.weather)))
    return together(parts)


def target_columns(model: ModelFile, available: tuple[str, ...]) -> tuple[str, ...]:
    """The columns that make the target. Raises `EdgeOpsError` for one that is not there."""
    target = model.section("target")
    left_out = target.get("except", [])
    wanted = available if target["columns"] == "all" else tuple(target["columns"])
    for name in (*wanted, *left_out):
        if name not in available:
            raise EdgeOpsError(
                f"the data has no column `{name}`, which the target of {model.name} names",
                f"the columns are {', '.join(available)}",
            )
    return tuple(name for name in wanted if name not in left_out)


def pooled(model: ModelFile) -> bool:
    """Whether each column is a series of its own (`target.combine: pool`)."""
    return bool(model.section("target").get("combine") == "pool")


def window_spec(
    model: ModelFile, columns: tuple[str, ...], data: HourlySeries | None = None
) -> WindowSpec:
    """The window of a model over these columns. Raises `EdgeOpsError` where it cannot be.

    A base `stl` or `mstl` is fitted on the training part of `data`; only these
    need it.
    """
    transforms = model.section("transforms")
    smoothing = transforms.get("smoothing")
    return WindowSpec(
        features=tuple(model.spec["features"]),
        columns=columns,
        site=_site(model),
        steps=model.section("window").get("steps", 24),
        horizon=model.section("horizons").get("steps", 24),
        interval=transforms.get("intervalHours", 1),
        base=_base(model, data),
        level_hours=transforms.get("levelHours", 672),
        smoothing=Smoothing(smoothing["kind"], smoothing["steps"]) if smoothing else None,
        outage_hours=outage_hours(model),
    )


def _base(model: ModelFile, data: HourlySeries | None) -> Base:
    transforms = model.section("transforms")
    said = transforms.get("seasonalAdjustment", {})
    base = Base(said.get("kind", "median"), said.get("weeks", 4))
    if not base.is_fitted:
        return base
    assert data is not None, "a profile is fitted on data"
    columns, times = target_columns(model, data.columns), times_of(model)
    targets = tuple((column,) for column in columns) if pooled(model) else (columns,)
    fit = Fit(
        base.kind,
        transforms.get("intervalHours", 1),
        outage_hours(model),
        times.split,
        times.excluded,
        times.grace_days,
    )
    return replace(base, profile=seasonal_profile(data, targets, fit))


def outage_hours(model: ModelFile) -> int:
    """How many zeros in a row are an outage."""
    hours: int = model.section("repairs").get("outageHours", OUTAGE_HOURS)
    return hours


def interpolate_hours(model: ModelFile) -> int:
    """How long a gap in targets may be to be bridged."""
    hours: int = model.section("repairs").get("interpolateHours", INTERPOLATE_HOURS)
    return hours


@dataclass(frozen=True, slots=True)
class Times:
    """Which times are for what: the split, and what training leaves out."""

    split: Split
    excluded: tuple[Period, ...]
    grace_days: int


def times_of(model: ModelFile) -> Times:
    """The split and the exclusions of a model. Raises `EdgeOpsError` where they cannot be."""
    split, exclusions = model.section("split"), model.section("exclusions")
    return Times(
        Split(_day(split["trainUntil"]), _day(split["validateUntil"]), _day(split["testUntil"])),
        tuple(
            Period(_day(period["from"]), _day(period["to"]))
            for period in exclusions.get("periods", [])
        ),
        exclusions.get("graceDays", 0),
    )


def _site(model: ModelFile) -> Site:
    site = model.section("data")["site"]
    return Site(
        site["timeZone"],
        site.get("latitude"),
        site.get("longitude"),
        site.get("country"),
        site.get("subdivision"),
    )


def _table(model: ModelFile, table: JsonObject, file: DataFile) -> Table:
    return Table(
        file,
        _site(model).zone,
        table.get("timestamp", "timestamp"),
        tuple(table.get("columns", ())),
        table.get("combine", "sum"),
    )


def _day(text: str) -> np.datetime64:
    try:
        return np.datetime64(text, "D")
    except ValueError as error:
        raise EdgeOpsError(
            f"there is no day {text}", "see `split` and `exclusions` in model.yaml"
        ) from error
