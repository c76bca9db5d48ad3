"""The quality of data: missing values, zeros and outages."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeops.features.series import HourlySeries
from edgeops.training.data.dataset import Dataset, Repair
from edgeops.training.data.targets import runs


@dataclass(frozen=True, slots=True)
class Outage:
    """A run of hours in which a column has no values, or only zeros."""

    first: np.datetime64
    hours: int
    zeros: bool


@dataclass(frozen=True, slots=True)
class ColumnQuality:
    """One column: its missing hours and zeros, the mean of all values, outages (longest first)."""

    name: str
    missing: int
    zeros: int
    mean: float
    outages: tuple[Outage, ...]


@dataclass(frozen=True, slots=True)
class Quality:
    """A data set: its hours, its repairs on reading, its columns, and what is to be said of it."""

    name: str
    sha256: str
    attribution: str
    first: np.datetime64
    hours: int
    repairs: tuple[Repair, ...]
    columns: tuple[ColumnQuality, ...]
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def quality(dataset: Dataset, outage_hours: int) -> Quality:
    """The quality of a data set; an outage has at least `outage_hours` hours."""
    series = dataset.series
    return Quality(
        dataset.name,
        dataset.sha256,
        dataset.attribution,
        series.start,
        len(series),
        dataset.repairs,
        tuple(_column(series, name, max(1, outage_hours)) for name in series.columns),
    )


def _column(series: HourlySeries, name: str, outage_hours: int) -> ColumnQuality:
    values = series.column(name)
    missing, zero = np.isnan(values), values == 0
    outages = [
        Outage(series.hours[first], end - first, zeros)
        for mask, zeros in ((missing, False), (zero, True))
        for first, end in runs(mask)
        if end - first >= outage_hours
    ]
    known = values[~missing]
    return ColumnQuality(
        name,
        int(missing.sum()),
        int(zero.sum()),
        float(known.mean()) if len(known) else 0.0,
        tuple(sorted(outages, key=lambda outage: (-outage.hours, outage.first))),
    )
