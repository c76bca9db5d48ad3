"""Features of the calendar and the clock."""

from __future__ import annotations

import numpy as np

from edgeops.features.series import FloatArray, Hours, IntArray

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_THURSDAY = 3  # 1970-01-01


def hour_of_day(hours: Hours) -> IntArray:
    """The hour of the day, 0 to 23."""
    return hours.astype("datetime64[h]").astype(np.int64) % 24


def day(hours: Hours) -> IntArray:
    """The day, counted from 1970."""
    return hours.astype("datetime64[D]").astype(np.int64)


def weekday(days: IntArray) -> IntArray:
    """The day of the week, 0 (Monday) to 6, of days counted from 1970."""
    return (days + _THURSDAY) % 7


def step_of_week(hours: Hours, interval: int) -> IntArray:
    """Which step of `interval` hours of the week each hour begins, 0 on Monday at 0:00."""
    return (24 * weekday(day(hours)) + hour_of_day(hours)) // interval


def hour_wave(hours: Hours, harmonic: int, *, sine: bool) -> FloatArray:
    """The time of day as a wave that goes round `harmonic` times a day."""
    return _wave(hour_of_day(hours) / 24 * harmonic, sine)


def is_weekday(hours: Hours, which: int) -> FloatArray:
    """Whether it is this day of the week, 0 (Monday) to 6."""
    return np.asarray(weekday(day(hours)) == which, np.float64)


def year_wave(hours: Hours, *, sine: bool) -> FloatArray:
    """The day of the year as a wave that goes round once a year."""
    first = hours.astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64)
    return _wave((day(hours) - first) / 365.25, sine)


def _wave(turns: FloatArray, sine: bool) -> FloatArray:
    angle = 2 * np.pi * turns
    return np.sin(angle) if sine else np.cos(angle)
