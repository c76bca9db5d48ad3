"""Forecasts with the observed values, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgeops.features.calendar import hour_of_day
from edgeops.features.series import FloatArray, Hours, IntArray
from edgeops.quality.kept import KeptForecasts


@dataclass(frozen=True, slots=True, eq=False)
class Forecasts:
    """The forecasts of one series from n origins, `horizon` steps ahead each, in original units.

    `origins` are the wall-clock hours at which the newest observed step
    begins; `actual` has the shape (n, horizon), NaN where unknown;
    `values` has the shape (n, horizon, quantiles). `interval` is the length
    of a step in hours, `unit` what the values are, for people. `kept` is what a device
    keeps of them, if its interval has margins: the values before these, and the margins.
    """

    series: str
    origins: Hours
    actual: FloatArray
    values: FloatArray
    quantiles: tuple[float, ...] = (0.5,)
    interval: int = 1
    unit: str = ""
    kept: KeptForecasts | None = None

    @property
    def point(self) -> FloatArray:
        """The median: n x horizon."""
        return self.quantile(0.5)

    def quantile(self, share: float) -> FloatArray:
        """The forecast of one quantile: n x horizon."""
        return self.values[:, :, self.quantiles.index(share)]

    @property
    def targets(self) -> Hours:
        """The wall-clock hour at which each forecast step begins: n x horizon."""
        return targets_after(self.origins, self.actual.shape[1], self.interval)

    @property
    def hour_of_day(self) -> IntArray:
        """The hour of the day, 0 to 23, of each forecast step: n x horizon."""
        return hour_of_day(self.targets)


def targets_after(origins: Hours, horizon: int, interval: int) -> Hours:
    """The wall-clock hour at which each step after each origin begins: n x horizon."""
    ahead = (1 + np.arange(horizon)) * np.timedelta64(interval, "h")
    targets: Hours = origins[:, None] + ahead
    return targets


def joined(by_series: Sequence[Forecasts]) -> Forecasts:
    """The forecasts of several series, concatenated, with the name of the first series.

    What devices keep of them is left out.
    """
    return replace(
        by_series[0],
        origins=np.concatenate([forecasts.origins for forecasts in by_series]),
        actual=np.concatenate([forecasts.actual for forecasts in by_series]),
        values=np.concatenate([forecasts.values for forecasts in by_series]),
        kept=None,
    )
