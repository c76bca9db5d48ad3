"""Features of daylight and of the clock change, from the package `astral`."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache

import numpy as np

from edgeops.features.calendar import day, hour_of_day
from edgeops.features.series import FloatArray, Hours
from edgeops.features.spec import Site
from edgeops.features.wall_clock import time_zone

_HALF_DAY = 12.0


class SunFeatures:
    """Sunrise and sunset at a site, a value for each step of `interval` hours.

    The site has a latitude and a longitude.
    """

    def __init__(self, hours: Hours, interval: int, site: Site) -> None:
        days, index = np.unique(day(hours), return_inverse=True)
        facts = np.array([_of_day(site, number) for number in days.tolist()], np.float64)
        self._rise, self._set, self._summer = facts[index.reshape(-1)].T
        self._from = hour_of_day(hours).astype(np.float64)
        self._interval = interval

    def daylight(self) -> FloatArray:
        """Which share of the step has the sun above the horizon."""
        end = self._from + self._interval
        light = np.minimum(end, self._set) - np.maximum(self._from, self._rise)
        return np.asarray(np.maximum(light, 0.0) / self._interval)

    def after_sunset(self) -> FloatArray:
        """Hours from sunset to the middle of the step, by 12; negative before."""
        return self._relative(self._set)

    def after_sunrise(self) -> FloatArray:
        """Hours from sunrise to the middle of the step, by 12; negative before."""
        return self._relative(self._rise)

    def summer_time(self) -> FloatArray:
        """Whether the clock is on daylight saving time (at noon of the day)."""
        return np.asarray(self._summer)

    def _relative(self, moment: FloatArray) -> FloatArray:
        return (self._from + self._interval / 2 - moment) / _HALF_DAY


@lru_cache(maxsize=16384)
def _of_day(site: Site, number: int) -> tuple[float, float, float]:
    """Sunrise and sunset in hours on the wall, and 1 in summer time, of a day counted from 1970.

    A polar day is from 0 to 24; in a polar night both are at noon.
    """
    from astral import Observer
    from astral.sun import elevation, sunrise, sunset

    assert site.latitude is not None
    assert site.longitude is not None
    zone = time_zone(site.time_zone)
    on = date(1970, 1, 1) + timedelta(days=number)
    noon = datetime.combine(on, time(12), zone)
    summer = float(bool(noon.dst()))
    observer = Observer(site.latitude, site.longitude)
    try:
        rise, set_ = sunrise(observer, on, tzinfo=zone), sunset(observer, on, tzinfo=zone)
    except ValueError:  # the sun does not cross the horizon on this day
        polar_day = elevation(observer, noon) > 0
        return (0.0, 24.0, summer) if polar_day else (12.0, 12.0, summer)
    midnight = datetime.combine(on, time(0))
    since = [(at.replace(tzinfo=None) - midnight).total_seconds() / 3600 for at in (rise, set_)]
    return since[0], since[1], summer
