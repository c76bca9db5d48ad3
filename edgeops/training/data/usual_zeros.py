"""Zeros that are usual: a place that is closed at night, a yield of the sun, rare events.

Zeros in a row are otherwise the outage of a sensor, and count as missing. Where they come back at
the same hours of the week, they are values.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from edgeops.features.calendar import step_of_week
from edgeops.features.series import FloatArray, HourlySeries, IntArray
from edgeops.features.spec import WEEK
from edgeops.training.data.targets import runs

OUTAGE_HOURS = 12  # unless so many zeros are usual
_CLOSED_HOURS = 96  # more than a long weekend; more would be more history than a device keeps
_DAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")
_OFTEN = 0.5  # of the weeks: an hour of the week with so many zeros is expected to have one
_WEEKS = 0.25  # the share of weeks in which the zeros come back
_FEWEST = 4  # times


@dataclass(frozen=True, slots=True)
class UsualZeros:
    """How many zeros in a row are an outage (0: any number is usual), and what was found."""

    outage_hours: int
    found: str = ""


@lru_cache(maxsize=8)
def usual_zeros(series: HourlySeries, columns: tuple[str, ...]) -> UsualZeros:
    """The zeros that are usual in any of these columns.

    If 12 of them in a row are, only those of four days are an outage; if that is usual, too, none
    are.
    """
    step = step_of_week(series.hours, 1)
    found = ""
    for name in columns:
        values = series.column(name)
        if not _are_usual(values, step, OUTAGE_HOURS):
            continue
        if _are_usual(values, step, _CLOSED_HOURS):
            return UsualZeros(0, "zero for days again and again: no zeros are an outage")
        found = found or _described(_zeros_by_step(values, step) >= _OFTEN)
    if not found:
        return UsualZeros(OUTAGE_HOURS)
    return UsualZeros(_CLOSED_HOURS, f"{found}: only {_CLOSED_HOURS} zeros in a row are an outage")


def _are_usual(values: FloatArray, step: IntArray, hours: int) -> bool:
    """Whether runs of at least `hours` zeros come back at hours that have zeros in most weeks."""
    expected = (_zeros_by_step(values, step) >= _OFTEN)[step]
    usual = [
        first
        for first, end in runs(values == 0)
        if end - first >= hours and expected[first:end].mean() >= _OFTEN
    ]
    weeks = {first // WEEK for first in usual}
    return len(usual) >= _FEWEST and len(weeks) >= _WEEKS * len(values) / WEEK


def _zeros_by_step(values: FloatArray, step: IntArray) -> FloatArray:
    """The share of zeros for each hour of the week, from Monday 0:00."""
    known = ~np.isnan(values)
    zeros = np.bincount(step[known], values[known] == 0, minlength=WEEK)
    return np.asarray(zeros / np.maximum(np.bincount(step[known], minlength=WEEK), 1))


def _described(closed: np.ndarray) -> str:
    """Such as "closed 21-9 and on Sundays"; `closed` has an item for each hour of the week."""
    by_day = closed.reshape(7, 24)
    whole = by_day.all(axis=1)
    days = [_DAYS[day] for day in np.flatnonzero(whole)]
    if len(days) == 7:
        return "zero at most hours"
    night = by_day[~whole].mean(axis=0) > 0.5
    parts = [_hours(night)] if night.any() else []
    if days:
        parts.append("on " + ", ".join(days))
    return "closed " + " and ".join(parts)


def _hours(closed: np.ndarray) -> str:
    """The hours of a day as `21-9`; a night goes on after midnight."""
    spans = runs(np.concatenate([closed, closed]))
    begun = [span for span in spans if span[0] < 24 and not (span[0] == 0 and closed[-1])]
    return ", ".join(f"{first}-{end if end == 24 else end % 24}" for first, end in begun)
