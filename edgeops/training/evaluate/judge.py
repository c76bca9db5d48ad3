"""Scores forecasts: overall, by use case, by horizon, by hour of the day."""

from __future__ import annotations

from collections.abc import Mapping, Set

import numpy as np

from edgeops.features.calendar import hour_of_day
from edgeops.features.series import FloatArray, IntArray
from edgeops.quality.score import DAY_PARTS
from edgeops.training.evaluate.metrics import SMALL, score_of, terms
from edgeops.training.evaluate.scorecard import ALL, OWN, Judged, Score
from edgeops.training.forecasts import Forecasts
from edgeops.training.recipe import Recipe

# The hours of the day of the slices that every model has: those of the day parts, and from
# 07:00 to 22:00.
DAY_SLICES: Mapping[str, frozenset[int]] = {
    "day": frozenset(range(7, 22)),
    **{
        name: frozenset(hour % 24 for hour in range(begin, end if begin < end else end + 24))
        for name, (begin, end) in DAY_PARTS.items()
    },
}

FEW = 10  # a cell of the heat map with fewer values is None: their mean would be noise

_HOURS = 24


def slices_of(recipe: Recipe) -> dict[str, frozenset[int]]:
    """The hours of the day of each use case, and as `OWN` those that the model is for."""
    own = {OWN: recipe.target.hours} if recipe.target.hours else {}
    return {name: frozenset(hours) for name, hours in {**recipe.use_cases, **own}.items()}


def judge(
    forecasts: Forecasts,
    mase_scale: float | FloatArray,
    use_cases: Mapping[str, Set[int]],
    small: float = SMALL,
) -> Judged:
    """The scores of forecasts, as `metrics` defines them.

    The slices are all hours, `DAY_SLICES` and the use cases (hours of the day
    by name, which can redefine those); slices without values are left
    out, except `ALL`. A cell of the heat map needs `FEW` values that MAPE counts.
    `mase_scale` is a number, or one per row with the shape (n, 1).
    """
    sums = _cells(forecasts, forecasts.hour_of_day, mase_scale, small)

    def at(hours: list[int] | slice, steps: int | slice) -> Score:
        return score_of({name: float(cell[hours, steps].sum()) for name, cell in sums.items()})

    every = slice(None)
    slices = {ALL: at(every, every)}
    for name, hours in {**DAY_SLICES, **use_cases}.items():
        score = at(sorted(hours), every)
        if score.count:
            slices[name] = score
    origin = hour_of_day(forecasts.origins)[:, None]
    by_hour = (at([hour], every) for hour in range(_HOURS))
    return Judged(
        slices,
        by_horizon=tuple(at(every, step) for step in range(forecasts.actual.shape[1])),
        by_hour=tuple(score if score.count else None for score in by_hour),
        mape_by_hour_and_horizon=_heat_map(sums),
        mape_by_origin_and_horizon=_heat_map(_cells(forecasts, origin, mase_scale, small)),
    )


def _cells(
    forecasts: Forecasts, hour: IntArray, mase_scale: float | FloatArray, small: float
) -> dict[str, FloatArray]:
    """The sum of each term: a row per hour of the day, a column per step.

    `hour` is that of each forecast, (n, horizon) or (n, 1).
    """
    horizon = forecasts.actual.shape[1]
    cell = (hour * horizon + np.arange(horizon)).ravel()
    by_name = terms(forecasts.actual, forecasts.values, forecasts.quantiles, mase_scale, small)
    return {
        name: np.asarray(np.bincount(cell, term.ravel(), _HOURS * horizon), np.float64).reshape(
            _HOURS, horizon
        )
        for name, term in by_name.items()
    }


def _heat_map(sums: Mapping[str, FloatArray]) -> tuple[tuple[float | None, ...], ...]:
    return tuple(
        tuple(float(a / n) if n >= FEW else None for a, n in zip(total, counted, strict=True))
        for total, counted in zip(sums["relative"], sums["large"], strict=True)
    )
