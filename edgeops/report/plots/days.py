"""What the plots of days show: a typical week, and the error of each day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from edgeops.features.series import FloatArray, Hours, IntArray
from edgeops.training.forecasts import Forecasts

_DAY, _WEEK = 24, 168  # hours
_MONDAY = 96  # the first one, in hours from the beginning of 1970
_LEAST = 1e-9  # so that a week in which nothing happened divides as well
_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True, eq=False)
class Week:
    """A week from Monday on, each step forecast once: at `made` o'clock, and every `every` hours.

    `hours` are the n wall-clock hours at which the steps begin, `actual` has
    the shape (n,), `values` (n, quantiles); NaN where nothing is known. `wape`
    is a share, the median of so many `weeks`.
    """

    hours: Hours
    actual: FloatArray
    values: FloatArray
    made: int
    every: int
    wape: float
    weeks: int


def typical_week(forecasts: Forecasts) -> Week:
    """The week of median WAPE (the better one of two) among those with the most known steps.

    It has the forecasts of the next 24 hours that are made at midnight; where
    the horizon is shorter, those that follow each other from midnight on.
    """
    interval = forecasts.interval
    steps = min(_DAY // interval, forecasts.actual.shape[1])
    every = steps * interval
    begin = _count(forecasts.targets[:, 0])
    made = int((begin % every).min())
    chosen = begin % every == made

    first = int(begin.min() - _MONDAY) // _WEEK * _WEEK + _MONDAY
    place = (begin[chosen, None] - first) // interval + np.arange(steps)
    shape = (int(place.max()) * interval // _WEEK + 1, _WEEK // interval)
    actual, values = _empty(shape), _empty((*shape, len(forecasts.quantiles)))
    where = np.unravel_index(place, shape)
    actual[where] = forecasts.actual[chosen, :steps]
    values[where] = forecasts.values[chosen, :steps]

    error = np.abs(actual - values[:, :, forecasts.quantiles.index(0.5)])
    known = ~np.isnan(error)
    full = np.flatnonzero(known.sum(axis=1) == known.sum(axis=1).max())
    total = np.where(known, np.abs(actual), 0)[full].sum(axis=1)
    wape = np.nansum(error[full], axis=1) / np.maximum(total, _LEAST)
    middle = np.argsort(wape, kind="stable")[(len(full) - 1) // 2]
    week = full[middle]
    hours = first + week * _WEEK + interval * np.arange(shape[1])
    return Week(
        hours.astype("datetime64[h]"),
        actual[week],
        values[week],
        made,
        every,
        float(wape[middle]),
        len(full),
    )


def _empty(shape: tuple[int, ...]) -> FloatArray:
    return np.full(shape, np.nan)


def _count(hours: Hours) -> IntArray:
    """Wall-clock hours as hours from the beginning of 1970."""
    return hours.astype("datetime64[h]").astype(np.int64)


@dataclass(frozen=True, slots=True)
class DayError:
    """What happened on a day less what had been forecast for it, as a share of what happened."""

    day: date
    share: float


def day_errors(forecasts: Forecasts) -> tuple[DayError, ...]:
    """The error of each day in order of time: the sums over all origins and steps.

    Left out are days of which less than half as many hours are known as of
    the best known one: another part of the day is no fair comparison.
    """
    known = ~np.isnan(forecasts.actual) & ~np.isnan(forecasts.point)
    hours = _count(forecasts.targets[known])
    first = int(hours.min()) // _DAY
    day = hours // _DAY - first
    actual = np.bincount(day, weights=forecasts.actual[known])
    point = np.bincount(day, weights=forecasts.point[known])
    seen = np.bincount(np.unique(hours) // _DAY - first)
    return tuple(
        DayError(date.fromordinal(_EPOCH + first + index), float(1 - point[index] / actual[index]))
        for index in np.flatnonzero((2 * seen >= seen.max()) & (actual > 0)).tolist()
    )


def worst_days(errors: Sequence[DayError], number: int = 5) -> tuple[DayError, ...]:
    """The days of largest error, up or down, the worst first."""
    return tuple(sorted(errors, key=lambda error: (-abs(error.share), error.day))[:number])
