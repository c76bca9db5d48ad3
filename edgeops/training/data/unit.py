"""The unit of a target, fitted on the training part: so that its scale does not matter.

Counts are whole numbers, and their own unit is 1. Other numbers get a hundredth of their mean
level, so that a share of 0 to 1, the same in percent, and a count of the same size give the same
model. Where values go well below zero, logarithms are taken from so far below that they are nearly
a straight line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from edgeops.errors import EdgeOpsError
from edgeops.features.repair import total
from edgeops.features.series import FloatArray, HourlySeries, hours_from
from edgeops.features.spec import Unit
from edgeops.features.transforms import aggregate
from edgeops.training.data.split import Split, parts

# Levels of counts of which 1 is a small share and not a vanishing one.
LEAST_LEVEL, MOST_LEVEL = 20.0, 20_000.0
_SIZES = 100  # in a level
_SLIGHT = 0.05  # of the level: what is this far below zero is noise, such as of a meter at rest
_ROOM = 0.25  # of the range, below the lowest value of a series that goes below zero
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class UnitFit:
    """Of what a unit is fitted: steps of `interval` hours in the training part of `split`."""

    interval: int
    outage_hours: int
    split: Split
    capacity: float | None = None


@lru_cache(maxsize=8)
def unit_of(series: HourlySeries, targets: tuple[tuple[str, ...], ...], fit: UnitFit) -> Unit:
    """The unit of targets, each the sum of columns; for several, one that suits most of them.

    Raises `EdgeOpsError` where the only negative value looks like a code for missing ones.
    """
    columns = tuple(dict.fromkeys(name for names in targets for name in names))
    signed = _is_signed(series, columns)
    steps = [_training_steps(series, names, fit, signed) for names in targets]
    known = [values for values in steps if len(values)]
    if not known:
        return Unit(most=fit.capacity)  # that there is too little data is said elsewhere
    if signed:
        return _signed(known, fit.capacity)
    level = float(np.median([values.mean() for values in known]))
    if level <= 0 or (LEAST_LEVEL <= level <= MOST_LEVEL and _is_whole(series, columns)):
        return Unit(most=fit.capacity)
    return Unit(_rounded(level / _SIZES), most=fit.capacity)


def _signed(series: Sequence[FloatArray], capacity: float | None) -> Unit:
    lowest = float(min(values.min() for values in series))
    highest = float(max(values.max() for values in series))
    level = float(np.median([np.abs(values).mean() for values in series]))
    spread = highest - lowest
    if spread <= 0:
        return Unit(least=min(lowest, 0.0), most=capacity)
    if lowest > 0 or -lowest <= _SLIGHT * level:
        return Unit(_rounded(level / _SIZES), _rounded(-_SLIGHT * level), capacity)
    return Unit(_rounded(_ROOM * spread), _rounded(lowest - _ROOM * spread), capacity)


def _is_whole(series: HourlySeries, columns: tuple[str, ...]) -> bool:
    values = series.select(columns).values
    known = values[~np.isnan(values)]
    return bool((known == np.floor(known)).all())


def _is_signed(series: HourlySeries, columns: tuple[str, ...]) -> bool:
    values = series.select(columns).values
    negative = values[values < 0]
    if not len(negative):
        return False
    if negative.min() == negative.max():
        row, column = np.argwhere(values < 0)[0]
        raise EdgeOpsError(
            f"{columns[column]} is {negative[0]:g} at {series.hours[row]}, and no other value is"
            " negative",
            "if this stands for a missing value, leave the cell empty; otherwise correct it",
        )
    return True


def _training_steps(
    series: HourlySeries, columns: tuple[str, ...], fit: UnitFit, signed: bool
) -> FloatArray:
    outage_hours = 0 if signed else fit.outage_hours
    hourly = total(series, columns, outage_hours, signed=signed)
    start, values = aggregate(series.start, hourly, fit.interval)
    steps = hours_from(start, len(values), fit.interval)
    if not len(steps):
        return values
    training = values[parts(fit.split, steps, 0, fit.interval)["train"]]
    return np.asarray(training[~np.isnan(training)])


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
