"""Simple forecasts that a model must beat.

They use nothing after their origin, and the mean level where all their values are missing. Their
history is repaired in hindsight, like targets, so they are slightly better than on a device.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from edgeops.features.moving import median
from edgeops.features.series import FloatArray
from edgeops.features.unit import values_of
from edgeops.training.forecasts import Forecasts
from edgeops.training.samples import Samples

Forecaster = Callable[[Samples], Forecasts]

_DAY, _WEEK = 24, 168
_SEASONS = 4


def seasonal_naive_24h(samples: Samples) -> Forecasts:
    """The value of the same hour on the newest day; where missing, on up to 3 days before."""
    return _forecasts(samples, _newest(_seasons(samples, _DAY)))


def seasonal_naive_168h(samples: Samples) -> Forecasts:
    """The value of the same hour in the newest week; where missing, in up to 3 weeks before."""
    return _forecasts(samples, _newest(_seasons(samples, _WEEK)))


def median_4_weeks(samples: Samples) -> Forecasts:
    """The median of the same hour in the newest 4 weeks, of values, not logarithms."""
    seasons = _seasons(samples, _WEEK)
    return _forecasts(samples, median([season.ravel() for season in seasons]))


BASELINES: Mapping[str, Forecaster] = {
    "seasonal-naive-168h": seasonal_naive_168h,
    "seasonal-naive-24h": seasonal_naive_24h,
    "median-4-weeks": median_4_weeks,
}


def _seasons(samples: Samples, hours: int) -> list[FloatArray]:
    """The values of each step one to four seasons ago: n x horizon each, NaN where unknown.

    For a step more than a season ahead, the first is the newest known season.
    """
    season = hours // samples.interval
    ahead = 1 + np.arange(samples.actual.shape[1])
    newest = samples.rows[:, None] + ahead - season * -(-ahead // season)
    seasons = []
    for back in range(_SEASONS):
        rows = newest - back * season
        seasons.append(np.where(rows >= 0, samples.history[np.maximum(rows, 0)], np.nan))
    return seasons


def _newest(seasons: list[FloatArray]) -> FloatArray:
    result = seasons[0]
    for earlier in seasons[1:]:
        result = np.where(np.isnan(result), earlier, result)
    return result


def _forecasts(samples: Samples, values: FloatArray) -> Forecasts:
    values = values.reshape(samples.actual.shape)
    level = np.broadcast_to(values_of(samples.scale, samples.unit)[:, None], values.shape)
    filled = np.where(np.isnan(values), level, values)
    return samples.forecasts(filled[:, :, None])
