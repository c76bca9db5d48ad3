"""Everything features are made of: values for every step of a series and the steps ahead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property

import numpy as np

from edgeops.features.calendar import day, weekday
from edgeops.features.decompose import Decomposed
from edgeops.features.holiday import HolidayFeatures
from edgeops.features.moving import median
from edgeops.features.series import FloatArray, Hours
from edgeops.features.spec import WindowSpec
from edgeops.features.sun import SunFeatures

_PROFILE_WEEKS = 4


class Tracks:
    """A value for every step, made when a feature first asks for it.

    `hours` are the starts of the steps, those ahead included; `neighbour` and
    `known` give the values of other columns on the same steps, missing ahead
    and never missing.
    """

    def __init__(
        self,
        spec: WindowSpec,
        hours: Hours,
        values: FloatArray,
        neighbour: Callable[[str], FloatArray],
        known: Callable[[str], FloatArray],
    ) -> None:
        self.spec = spec
        self.hours = hours
        self.target = Decomposed(hours, values, spec)
        self.known = known
        self._neighbour = neighbour

    @cached_property
    def holidays(self) -> HolidayFeatures:
        """What the holidays of the site say."""
        return HolidayFeatures(self.hours, self.spec.site)

    @cached_property
    def sun(self) -> SunFeatures:
        """What the sun at the site says."""
        return SunFeatures(self.hours, self.spec.interval, self.spec.site)

    def neighbour_deviation(self, column: str) -> FloatArray:
        """The deviation of another column from its own base."""
        spec = replace(self.spec, base=self.spec.base.of_neighbours)
        return Decomposed(self.hours, self._neighbour(column), spec).deviation

    def profile(self, which: int) -> FloatArray:
        """What this hour had on the last four of a weekday (0: Monday), less the base.

        These days are so far back that they are known over the whole horizon.
        """
        per_day = 24 // self.spec.interval
        first_known = -(-self.spec.steps // per_day)  # days, rounded up
        days_back = (weekday(day(self.hours)) - which - 1) % 7 + 1
        days_back = np.where(days_back < first_known, days_back + 7, days_back)
        steps = np.arange(len(self.hours)) - days_back * per_day
        values = self.target.detrended
        weeks = [steps - week * self.target.week for week in range(_PROFILE_WEEKS)]
        earlier = [np.where(at >= 0, values[np.maximum(at, 0)], np.nan) for at in weeks]
        return median(earlier) - self.target.base
