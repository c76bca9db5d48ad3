"""Repairs data sets where the clocks go forward.

The skipped hour has no value. Some data sets have zeros there; some are one hour early from there
to the next row without values.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np

from edgeops.errors import EdgeOpsError
from edgeops.features.series import HourlySeries
from edgeops.features.wall_clock import skipped_hours
from edgeops.training.data.dataset import Repair

_LONGEST_SLIP = 8 * 24


def without_skipped_hours(
    series: HourlySeries, zone: ZoneInfo
) -> tuple[HourlySeries, tuple[Repair, ...]]:
    """The series without values in skipped hours, and the repairs that this took.

    Zeros there become missing. Other values there, and all up to the next row
    without values, are one hour early and are moved. Raises `EdgeOpsError` if
    there is no such row within eight days.
    """
    values = series.values.copy()
    repairs = []
    for hour in skipped_hours(series.hours[0], series.hours[-1], zone):
        at = series.index(hour)
        if np.isnan(values[at]).all():
            continue
        if np.nansum(values[at]) == 0:
            values[at] = np.nan
            repairs.append(Repair("zeros in an hour that the clock skipped", hour, 1))
            continue
        end = _empty_row(values, at)
        if end is None:
            raise EdgeOpsError(
                f"there are counts at {hour}, an hour that the clock in {zone.key} skipped",
                "check the time zone, and whether the timestamps are in UTC",
            )
        values[at + 1 : end + 1] = values[at:end].copy()
        values[at] = np.nan
        repairs.append(Repair("an hour early after the clock change", hour, end - at))
    return HourlySeries(series.start, series.columns, values), tuple(repairs)


def _empty_row(values: np.ndarray, after: int) -> int | None:
    empty = np.isnan(values[after + 1 : after + 1 + _LONGEST_SLIP]).all(axis=1)
    return after + 1 + int(np.argmax(empty)) if empty.any() else None
