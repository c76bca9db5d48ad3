"""Forecasts with what really happened, as arrays: what every judgement starts from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgeops.features.series import FloatArray, Hours


@dataclass(frozen=True, slots=True, eq=False)
class Forecasts:
    """The forecasts of one series from n origins, `horizon` steps ahead each, in original units.

    `origins` are the wall-clock hours at which the newest observed step
    begins; `actual` has the shape (n, horizon) and NaN where nothing is known;
    `values` has the shape (n, horizon, quantiles). `interval` is the length
    of a step in hours.
    """

    series: str
    origins: Hours
    actual: FloatArray
    values: FloatArray
    quantiles: tuple[float, ...] = (0.5,)
    interval: int = 1

    @property
    def point(self) -> FloatArray:
        """The median: n x horizon."""
        return self.quantile(0.5)

    def quantile(self, share: float) -> FloatArray:
        """The forecast of one quantile: n x horizon."""
        return self.values[:, :, self.quantiles.index(share)]

    @property
    def targets(self) -> Hours:
        """The wall-clock hour at which each step begins that is forecast: n x horizon."""
        ahead = (1 + np.arange(self.actual.shape[1])) * np.timedelta64(self.interval, "h")
        targets: Hours = self.origins[:, None] + ahead
        return targets

    @property
    def hour_of_day(self) -> np.ndarray:
        """The hour of the day, 0 to 23, of each step: n x horizon."""
        return self.targets.astype("datetime64[h]").astype(np.int64) % 24

    def within(self, hours: frozenset[int]) -> Forecasts:
        """The same with only these hours of the day known."""
        inside = np.isin(self.hour_of_day, sorted(hours))
        return replace(self, actual=np.where(inside, self.actual, np.nan))


def joined(found: Sequence[Forecasts]) -> Forecasts:
    """The forecasts of several series, one after the other, under the name of the first."""
    return replace(
        found[0],
        origins=np.concatenate([one.origins for one in found]),
        actual=np.concatenate([one.actual for one in found]),
        values=np.concatenate([one.values for one in found]),
    )
