"""A series as level, seasonal base and deviation, each known at its own time."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from edgeops.features.calendar import step_of_week
from edgeops.features.moving import lagged, mean, median, moving_mean
from edgeops.features.series import FloatArray, Hours
from edgeops.features.spec import WEEK, WindowSpec


class Decomposed:
    """The parts of one series, each a value for every step, in logarithms of value + 1.

    `hours` are the starts of the steps. `values` are in the unit of the specification.
    They may end with missing steps, which lie ahead: the base is known there. Nothing
    looks at later steps than its own.
    """

    def __init__(self, hours: Hours, values: FloatArray, spec: WindowSpec) -> None:
        self.values = values
        self._hours = hours
        self._spec = spec
        self.week = WEEK // spec.interval

    @cached_property
    def log(self) -> FloatArray:
        """The values themselves; where missing, what was to be expected (trend and base)."""
        known = np.log1p(self.values)
        return np.where(np.isnan(known), self.base + self.trend, known)

    @cached_property
    def scale(self) -> FloatArray:
        """The mean level of the last `level_hours`."""
        return np.log1p(moving_mean(self.values, self._spec.steps_of(self._spec.level_hours)))

    @cached_property
    def trend(self) -> FloatArray:
        """The mean of the last week for a base that has a trend, 0 for the others."""
        if not self._spec.base.has_trend:
            return np.zeros_like(self.values)
        return np.log1p(moving_mean(self.values, self.week))

    @cached_property
    def detrended(self) -> FloatArray:
        """The values less the trend; missing where they are."""
        return np.log1p(self.values) - self.trend

    def weeks_ago(self, weeks: int) -> FloatArray:
        """What this hour of the week had so many weeks ago, detrended."""
        return lagged(self.detrended, weeks * self.week)

    def last_weeks(self, weeks: int) -> list[FloatArray]:
        """What this hour of the week had in each of the last weeks, detrended."""
        return [self.weeks_ago(week) for week in range(1, weeks + 1)]

    @cached_property
    def base(self) -> FloatArray:
        """The seasonal base, detrended: known a week ahead."""
        if self._spec.base.is_fitted:
            steps = step_of_week(self._hours, self._spec.interval)
            return np.array(self._spec.base.profile)[steps]
        weeks = self.last_weeks(self._spec.base.weeks)
        return mean(weeks) if self._spec.base.kind == "mean" else median(weeks)

    @cached_property
    def deviation(self) -> FloatArray:
        """The values less trend and base; 0 where the value is missing."""
        return self.log - self.trend - self.base
