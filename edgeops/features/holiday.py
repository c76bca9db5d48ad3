"""Features of public holidays, from the package `holidays`."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from edgeops.errors import EdgeOpsError
from edgeops.features.calendar import day, hour_of_day, weekday
from edgeops.features.series import FloatArray, Hours, IntArray
from edgeops.features.spec import Site

_NEAR = 14  # days; a holiday further away tells nothing
_SHUTDOWN = ((12, 24), (1, 3))  # first and last day, when offices are closed


class HolidayFeatures:
    """The holidays around some hours at a site, a value for each hour."""

    def __init__(self, hours: Hours, site: Site) -> None:
        self._hours = hours
        self._day = day(hours)
        years = hours[[0, -1]].astype("datetime64[Y]").astype(np.int64) + 1970
        by_year = [_of_year(site, year) for year in range(int(years[0]) - 1, int(years[1]) + 2)]
        self._holidays = np.array(sorted({day for days, _ in by_year for day in days}), np.int64)
        self._weekend = np.array(by_year[0][1], np.int64)

    def holiday(self, shift: int = 0) -> FloatArray:
        """Whether it is a public holiday so many days later."""
        return np.isin(self._day + shift, self._holidays).astype(np.float64)

    def days_to(self) -> FloatArray:
        """Days to the next holiday, 0 on one; as a share of 14, 1 when further."""
        later = np.searchsorted(self._holidays, self._day)
        return self._near(self._at(later) - self._day)

    def days_since(self) -> FloatArray:
        """Days since the last holiday, 0 on one; as a share of 14, 1 when further."""
        earlier = np.searchsorted(self._holidays, self._day, side="right") - 1
        return self._near(self._day - self._at(earlier))

    def nonworking(self, shift: int = 0) -> FloatArray:
        """Whether it is a weekend or a public holiday so many days later."""
        weekend = np.isin(weekday(self._day + shift), self._weekend)
        return np.maximum(weekend.astype(np.float64), self.holiday(shift))

    def shutdown(self) -> FloatArray:
        """Whether it is between 24 December and 3 January."""
        first, last = (month * 100 + of_month for month, of_month in _SHUTDOWN)
        date = self._date()
        return ((date >= first) | (date <= last)).astype(np.float64)

    def new_year_night(self) -> FloatArray:
        """Whether it is from 18:00 on 31 December to 6:00 on 1 January."""
        hour, date = hour_of_day(self._hours), self._date()
        return np.asarray(
            ((date == 1231) & (hour >= 18)) | ((date == 101) & (hour < 6)), np.float64
        )

    def _date(self) -> IntArray:
        """Month and day of the month as one number: 1231."""
        month = self._hours.astype("datetime64[M]")
        of_month = self._day - month.astype("datetime64[D]").astype(np.int64) + 1
        return (month.astype(np.int64) % 12 + 1) * 100 + of_month

    def _at(self, index: IntArray) -> IntArray:
        if not len(self._holidays):
            return np.full_like(index, 10**6)
        result: IntArray = self._holidays[np.clip(index, 0, len(self._holidays) - 1)]
        return result

    def _near(self, days: IntArray) -> FloatArray:
        return np.minimum(np.abs(days), _NEAR) / _NEAR


@lru_cache(maxsize=256)
def _of_year(site: Site, year: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The holidays of a year as days counted from 1970, and the days of the weekend (0: Monday)."""
    import holidays

    try:
        public = holidays.country_holidays(site.country or "", subdiv=site.subdivision, years=year)
    except NotImplementedError as error:
        raise EdgeOpsError(
            f"the package holidays does not know {site.country} {site.subdivision or ''}".rstrip(),
            "country and subdivision are ISO 3166 codes, such as NZ and AUK",
        ) from error
    days = np.array(sorted(public), dtype="datetime64[D]").astype(np.int64)
    return tuple(days.tolist()), tuple(sorted(public.weekend))
