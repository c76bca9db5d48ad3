"""Hourly series as values.

Hours are wall-clock hours of one place (`datetime64[h]` without a zone): people follow the
clock on the wall, so a day always has 24 of them. `wall_clock` says what that means when the
clocks change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeops.errors import EdgeOpsError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Hours = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True, eq=False)
class HourlySeries:
    """Columns of numbers, an hour a row, without a missing row; a missing value is NaN.

    `start` is the wall-clock hour of the first row (`datetime64[h]`); `values`
    has the shape (hours, columns).
    """

    start: np.datetime64
    columns: tuple[str, ...]
    values: FloatArray

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[1] != len(self.columns):
            raise ValueError(f"{len(self.columns)} columns, but values are {self.values.shape}")
        if np.datetime_data(self.start.dtype) != ("h", 1):
            raise ValueError(f"start is {self.start.dtype}, not datetime64[h]")

    def __len__(self) -> int:
        return len(self.values)

    @property
    def hours(self) -> Hours:
        """The wall-clock hour of every row."""
        return hours_from(self.start, len(self))

    def column(self, name: str) -> FloatArray:
        """The values of one column, an hour each. Raises `EdgeOpsError`."""
        return np.ascontiguousarray(self.values[:, self._index(name)])

    def select(self, names: Sequence[str]) -> HourlySeries:
        """These columns only, in this order. Raises `EdgeOpsError`."""
        indexes = [self._index(name) for name in names]
        return HourlySeries(self.start, tuple(names), self.values[:, indexes])

    def rows(self, first: int, end: int) -> HourlySeries:
        """The rows from `first` up to but not including `end`."""
        return HourlySeries(
            self.start + np.timedelta64(first, "h"), self.columns, self.values[first:end]
        )

    def index(self, hour: np.datetime64) -> int:
        """The row of an hour; it may lie outside."""
        return int((hour.astype("datetime64[h]") - self.start).astype(np.int64))

    def _index(self, name: str) -> int:
        if name not in self.columns:
            raise EdgeOpsError(
                f"the data has no column `{name}`", f"the columns are {', '.join(self.columns)}"
            )
        return self.columns.index(name)


def hours_from(start: np.datetime64, count: int, interval: int = 1) -> Hours:
    """`count` moments from `start` on, `interval` hours apart."""
    hours: Hours = start + np.arange(count) * np.timedelta64(interval, "h")
    return hours
