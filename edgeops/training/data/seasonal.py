"""Fits the seasonal profile of a target by statsmodels, once, on the training part.

The profile is in the specification of the window, so a device does not need statsmodels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from edgeops.errors import EdgeOpsError
from edgeops.features.calendar import step_of_week
from edgeops.features.repair import total
from edgeops.features.series import FloatArray, HourlySeries, hours_from
from edgeops.features.spec import COUNTS, WEEK, Unit
from edgeops.features.transforms import aggregate
from edgeops.features.unit import measured
from edgeops.training.data.dataset import missing_package
from edgeops.training.data.split import Split, parts

WEEKS = 52  # before the end of training: older years did not improve the base
_FEWEST_WEEKS = 4
_DAY = 24


@dataclass(frozen=True, slots=True)
class Fit:
    """How a profile is fitted: `kind` is `stl` or `mstl`, on steps of `interval` hours."""

    kind: str
    interval: int
    outage_hours: int
    split: Split
    unit: Unit = COUNTS


@lru_cache(maxsize=8)
def seasonal_profile(
    series: HourlySeries, targets: tuple[tuple[str, ...], ...], fit: Fit
) -> tuple[float, ...]:
    """The seasonal part of the logarithms for each step of the week, from Monday 0:00.

    It is fitted on the last year of the training part: the median of each step
    over the weeks that are not excluded. The mean of its exponentials is 1, so it
    can be added to the logarithm of a mean level. For several targets (each a sum
    of columns), it is their mean.

    Raises `EdgeOpsError` if that year has too few values, or without statsmodels.
    """
    profiles = [_of_target(series, columns, fit) for columns in targets]
    profile = _level(np.mean(profiles, axis=0))
    return tuple(np.round(profile, 6).tolist())


def _of_target(series: HourlySeries, columns: tuple[str, ...], fit: Fit) -> FloatArray:
    hourly = total(series, columns, fit.outage_hours, signed=fit.unit.is_signed)
    start, values = aggregate(series.start, hourly, fit.interval)
    values = measured(values, fit.unit)
    hours = hours_from(start, len(values), fit.interval)
    training = parts(replace(fit.split, excluded=()), hours, 0, fit.interval)["train"]
    year = training[-WEEKS * WEEK // fit.interval :]
    season = np.full(len(values), np.nan)
    season[year] = _season(np.log1p(values[year]), fit)
    used = parts(fit.split, hours, 0, fit.interval)["train"]
    step = step_of_week(hours[used], fit.interval)
    by_step = [season[used[step == number]] for number in range(WEEK // fit.interval)]
    known = [values[~np.isnan(values)] for values in by_step]
    if not all(map(len, known)):
        raise EdgeOpsError(
            f"all weeks of the last year of training are excluded from the base `{fit.kind}`",
            "exclude less, or use the base `median`",
        )
    return _level(np.array([np.median(values) for values in known]))


def _season(log: FloatArray, fit: Fit) -> FloatArray:
    try:
        from statsmodels.tsa.seasonal import MSTL, STL
    except ModuleNotFoundError as error:
        raise missing_package("statsmodels", "train") from error
    known = np.flatnonzero(~np.isnan(log))
    week = WEEK // fit.interval
    if len(known) < _FEWEST_WEEKS * week:
        raise EdgeOpsError(
            f"the last year of training has {len(known):,} values for the base `{fit.kind}`",
            f"it needs {_FEWEST_WEEKS * week:,} (four weeks); use the base `median` instead",
        )
    whole = np.interp(np.arange(len(log)), known, log[known])
    if fit.kind == "stl":
        return np.asarray(STL(whole, period=week).fit().seasonal)
    periods = [period for period in (_DAY // fit.interval, week) if period > 1]
    seasonal: FloatArray = np.asarray(MSTL(whole, periods=periods).fit().seasonal)
    return np.asarray(seasonal.reshape(len(whole), -1).sum(axis=1))


def _level(profile: FloatArray) -> FloatArray:
    return np.asarray(profile - np.log(np.mean(np.exp(profile))))
