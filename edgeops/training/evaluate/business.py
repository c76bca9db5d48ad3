"""Forecasts in the words of those who plan by them: people too many, days that went wrong.

A day is planned once: for each hour that a model is judged by, its plan is the forecast of the
last origin before the first of these hours. A shift over midnight is one day, which begins after
the longest pause between its hours.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeops.features.calendar import hour_of_day
from edgeops.features.series import FloatArray, IntArray
from edgeops.training.evaluate.scorecard import BusinessFigures
from edgeops.training.forecasts import Forecasts

OFF = 0.1  # of the day's total: further from it, a day counts as off
OBSERVED = 0.75  # of the hours of a day: with fewer, it is no day to judge

_DAY = 24
_NEAR = 1  # hour, by which a plan may miss the busiest hour


@dataclass(frozen=True, slots=True, eq=False)
class PlannedDays:
    """The judged hours of n days: what was planned and what was observed, (n, hours) each.

    Where nothing was observed, both are NaN. `at` says when the hours are, in hours after the
    beginning of the first.
    """

    planned: FloatArray
    observed: FloatArray
    at: IntArray


def business_figures(by_series: Sequence[Forecasts], hours: Collection[int]) -> BusinessFigures:
    """The figures of one or several series, on these hours of the day (none: on all).

    Of several series, each day of each counts by itself. The forecasts of a series are in order
    of their origins.
    """
    errors = np.sum([_errors(forecasts, hours) for forecasts in by_series], axis=0)
    days = [planned_days(forecasts, hours) for forecasts in by_series]
    signed = any((forecasts.actual < 0).any() for forecasts in by_series)
    count, value, error = errors.sum(axis=1)
    planned = np.concatenate([(each.planned - each.observed).ravel() for each in days])
    total = sum(float(np.nansum(each.observed)) for each in days)
    off = np.concatenate([_off(each) for each in days])
    missed = np.concatenate([_peaks_missed(each) for each in days])
    return BusinessFigures(
        count=round(count),
        value=_share(value, count),
        error=_share(error, count),
        error_by_horizon=tuple(_share(*each) for each in errors[[2, 0]].T),
        days=len(off),
        days_off=_mean(off) if not signed else np.nan,
        over=_share(float(np.nansum(np.maximum(planned, 0))), total) if not signed else np.nan,
        under=_share(float(np.nansum(np.maximum(-planned, 0))), total) if not signed else np.nan,
        peaks_missed=_mean(missed),
    )


def planned_days(forecasts: Forecasts, hours: Collection[int]) -> PlannedDays:
    """The days of one series that can be judged: all hours planned, most observed, not all 0."""
    targets = forecasts.targets
    inside = _inside(forecasts, hours)
    first = first_hour(np.unique(hour_of_day(targets[inside])).tolist())
    counts = targets.astype("datetime64[h]").astype(np.int64) - first
    at = np.unique(counts[inside] % _DAY)
    days = np.unique(counts[inside] // _DAY)
    begin = days * _DAY + first
    origins = forecasts.origins.astype("datetime64[h]").astype(np.int64)
    row = np.searchsorted(origins + forecasts.interval, begin, "right") - 1
    step = (begin[:, None] + at - origins[row][:, None]) // forecasts.interval - 1
    reached = (row[:, None] >= 0) & (step < targets.shape[1])
    step = np.where(reached, step, 0)
    observed = forecasts.actual[row[:, None], step]
    planned = np.where(np.isnan(observed), np.nan, forecasts.point[row[:, None], step])
    known = ~np.isnan(observed)
    judged = reached.all(axis=1) & (known.sum(axis=1) >= OBSERVED * len(at))
    judged &= (np.abs(np.where(known, observed, 0)) > 0).any(axis=1)
    return PlannedDays(planned[judged], observed[judged], at)


def first_hour(hours: Sequence[int]) -> int:
    """The first of some hours of the day, in ascending order: the one after the longest pause."""
    if not hours:
        return 0
    pauses = [
        (hour - before) % _DAY for before, hour in zip([hours[-1], *hours[:-1]], hours, strict=True)
    ]
    return hours[pauses.index(max(pauses))]


def _inside(forecasts: Forecasts, hours: Collection[int]) -> NDArray[np.bool_]:
    return np.isin(forecasts.hour_of_day, list(hours or range(_DAY)))


def _errors(forecasts: Forecasts, hours: Collection[int]) -> FloatArray:
    """The number, the sum of the values and that of the absolute errors of each step: 3 x steps."""
    known = _inside(forecasts, hours) & ~np.isnan(forecasts.actual)
    value = np.where(known, forecasts.actual, 0)
    error = np.where(known, np.abs(forecasts.point - value), 0)
    return np.stack([known.sum(axis=0), value.sum(axis=0), error.sum(axis=0)])


def _off(days: PlannedDays) -> NDArray[np.bool_]:
    total = np.nansum(days.observed, axis=1)
    return np.asarray(np.abs(np.nansum(days.planned, axis=1) - total) > OFF * np.abs(total))


def _peaks_missed(days: PlannedDays) -> NDArray[np.bool_]:
    """Whether the busiest hour of the plan is no busiest hour, nor beside one; of some, any is.

    There is nothing to miss, and no day in the answer, where all hours are that close.
    """
    if not len(days.planned) or np.ptp(days.at) <= _NEAR:
        return np.zeros(0, np.bool_)
    chosen = days.at[np.nanargmax(days.planned, axis=1)]
    most = days.observed == np.nanmax(days.observed, axis=1, keepdims=True)
    away = np.where(most, np.abs(days.at - chosen[:, None]), _DAY)
    return np.asarray(away.min(axis=1) > _NEAR)


def _mean(flags: NDArray[np.bool_]) -> float:
    return float(flags.mean()) if len(flags) else np.nan


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else np.nan
