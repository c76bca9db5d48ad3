"""Forecasts as they were made, beside what was observed afterwards."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgeops.features.calendar import hour_of_day
from edgeops.features.repair import filled, without_outages
from edgeops.features.series import FloatArray, HourlySeries, Hours, IntArray
from edgeops.features.spec import WindowSpec
from edgeops.features.transforms import aggregate
from edgeops.quality.judging import Judging

LOW, MIDDLE, HIGH = range(3)  # the places of the outer quantiles and of the median
WEEK, SEASONS = 168, 3  # hours; the weeks that the naive forecast looks at
MOST_FILLED = 0.1  # of the value of a step


@dataclass(frozen=True, slots=True, eq=False)
class KeptForecasts:
    """The forecasts of one model for one series, from n origins, `horizon` steps ahead each.

    `origins` are the wall-clock hours at which the newest observed step begins, ascending, each
    once. `values` has the shape (n, horizon, 3): the low quantile, the median and the high
    one as the model gives them; low and high are NaN for a model without an interval.
    `margins` (n, horizon) is by how much the interval was widened, in logarithms.
    A step has `interval` hours.
    """

    origins: Hours
    values: FloatArray
    margins: FloatArray
    interval: int = 1

    def __len__(self) -> int:
        return len(self.origins)

    @property
    def targets(self) -> Hours:
        """The wall-clock hour at which each step begins: n x horizon."""
        ahead = (1 + np.arange(self.values.shape[1])) * np.timedelta64(self.interval, "h")
        targets: Hours = self.origins[:, None] + ahead
        return targets

    @property
    def reach(self) -> np.timedelta64:
        """How far after an origin its last step begins."""
        return np.timedelta64(self.values.shape[1] * self.interval, "h")

    def chosen(self, which: NDArray[np.bool_] | IntArray) -> KeptForecasts:
        """The forecasts of a mask or of indexes."""
        return replace(
            self,
            origins=self.origins[which],
            values=self.values[which],
            margins=self.margins[which],
        )

    def judged(self, judging: Judging) -> KeptForecasts:
        """Those from the origins that the model is judged by."""
        if not judging.origins:
            return self
        return self.chosen(np.isin(hour_of_day(self.origins), judging.origins))


@dataclass(frozen=True, slots=True, eq=False)
class Observed:
    """The value of each step of one series from `start` on; NaN where it is not known."""

    start: np.datetime64
    values: FloatArray
    interval: int = 1

    def at(self, hours: Hours) -> FloatArray:
        """The values of the steps that begin at these hours, in their shape."""
        step = np.timedelta64(self.interval, "h")
        rows = ((hours - self.start) // step).astype(np.int64)
        inside = (rows >= 0) & (rows < len(self.values))
        if not len(self.values):
            return np.full(hours.shape, np.nan)
        return np.where(inside, self.values[np.where(inside, rows, 0)], np.nan)

    def naive(self, targets: Hours, interval: int) -> FloatArray:
        """The seasonal naive forecast: the value of that hour in the newest week that was known.

        `targets` (n, horizon) are those of n origins. Where a week has no value, it is
        that of the week before, up to `SEASONS` of them.
        """
        ahead = (1 + np.arange(targets.shape[1])) * interval
        back = (WEEK * -(-ahead // WEEK)).astype("timedelta64[h]")
        result = np.full(targets.shape, np.nan)
        for season in range(SEASONS):
            week = np.timedelta64(season * WEEK, "h")
            result = np.where(np.isnan(result), self.at(targets - back - week), result)
        return result


def observed(counts: HourlySeries, spec: WindowSpec) -> Observed:
    """The target of a model as a device sees it, without what is only known in hindsight.

    A column that is missing is filled as for a window, with the median of that hour in four weeks;
    where that makes more than `MOST_FILLED` of the value, the value is not known.
    """
    values = counts.select(spec.columns).values
    if not spec.unit.is_signed:
        values = np.where(values < 0, np.nan, values)
    clean = without_outages(values, spec.outage_hours)
    columns = [filled(np.ascontiguousarray(clean[:, at])) for at in range(clean.shape[1])]
    whole = np.stack(columns, axis=1)
    guessed = np.where(np.isnan(clean), np.abs(whole), 0.0).sum(axis=1)
    total = np.zeros(len(counts))
    for column in columns:  # in one order, whatever the length
        total = total + column
    total[guessed > MOST_FILLED * np.abs(whole).sum(axis=1)] = np.nan
    start, steps = aggregate(counts.start, total, spec.interval)
    return Observed(start, steps, spec.interval)
