"""Rows with timestamps -> an hourly series; anything ambiguous is an error with its line."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from edgeops.features.series import FloatArray, HourlySeries, IntArray
from edgeops.features.spec import Hour
from edgeops.features.wall_clock import Doubled, phase, to_wall_clock, wall_hours
from edgeops.training.data import cadence
from edgeops.training.data.cadence import HOUR, Stretch
from edgeops.training.data.data_file import DataFile, check_size, check_year, fault
from edgeops.training.data.dataset import Repair
from edgeops.training.data.local_clock import LocalClock, SkippedHour
from edgeops.training.data.timestamp import Timestamps

_LONGEST_GAP = 366 * 24 * HOUR

Combine = Literal["sum", "mean", "last"]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table; `line` counts from 1, as editors show it."""

    line: int
    timestamp: object  # text or `datetime`; a Parquet file can have anything
    cells: Sequence[object]


@dataclass(frozen=True, slots=True)
class Columns:
    """The display name of the timestamp column, and that of each value column, by its name."""

    timestamp: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Clock:
    """How timestamps become hours: what model.yaml says about time.

    `minutes` is the time from one row to the next: None if it is to be found, 0 if
    each row is an event.
    """

    zone: ZoneInfo
    timestamps: Timestamps
    skipped_hour: SkippedHour = "refuse"
    combine: Combine = "sum"
    minutes: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Hourly:
    """The hourly series of rows, and what was made of them.

    `none` is the share of the hours without a row, `few` that with fewer than a
    sum needs; `parts` are the stretches of a cadence.
    """

    series: HourlySeries
    hour: Hour
    repairs: tuple[Repair, ...]
    parts: tuple[Stretch, ...]
    none: float
    few: float


def to_hourly(
    file: DataFile,
    columns: Columns,
    rows: Iterable[Row],
    clock: Clock,
    number: Callable[[int, str, object], float],
) -> Hourly:
    """The rows as one series on the clock of a zone; hours without a row are missing.

    Timestamps without an offset from UTC are on that clock. The rows must be in
    order, most of them at most one hour apart. Several rows of one hour become
    their sum (counts), their mean or the last of them (measurements). `number`
    reads a cell of a line, and of a column by its display name.

    Raises `EdgeOpsError` with file:line.
    """
    local = LocalClock(file, clock.zone, clock.skipped_hour)
    moments, values, naive = _read(file, columns, rows, clock, local, number)
    moments = moments - phase(clock.zone)
    parts = cadence.stretches(moments, clock.minutes)
    if clock.minutes != 0:
        _check_step(file, moments)
        moments = cadence.without_jitter(moments, parts)
    hours = moments // HOUR
    count, width = int(hours[-1] - hours[0]) + 1, len(columns.values)
    check_size(file, count, width, unit="hours")  # a few rows can span centuries
    table = _Table(hours - hours[0], count, values)
    if clock.combine == "sum" and clock.minutes == 0:
        result, few = table.sums(), np.zeros(count, dtype=bool)
    elif clock.combine == "sum":
        result, few = _sums(table, moments, parts)
    else:
        result = table.means() if clock.combine == "mean" else table.lasts()
        few = np.zeros(count, dtype=bool)
    once = _once(table, int(hours[0]), clock.zone) if naive else np.empty(0, dtype=np.int64)
    result[once + 1] = 0 if clock.combine == "sum" else result[once]
    names = tuple(columns.values)
    doubled: Doubled = "sum" if clock.combine == "sum" else "mean"
    series = to_wall_clock(int(hours[0]), names, result, clock.zone, doubled)
    walls = wall_hours(once + hours[0], clock.zone)
    what = "the clock repeats this hour, the table has it once: taken as it is"
    repairs = [*local.repairs, *(Repair(what, hour, 1) for hour in walls)]
    none = float((table.rows == 0).mean())
    hour = _hour(clock, parts)
    return Hourly(series, hour, tuple(repairs), parts, none, float(few.mean()))


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """The rows by hour: `at` is the hour of each, counted from the first of `count` hours."""

    at: IntArray
    count: int
    values: FloatArray

    @property
    def rows(self) -> IntArray:
        """How many rows each hour has."""
        return np.bincount(self.at, minlength=self.count)

    def known(self) -> FloatArray:
        """How many values each hour has, per column."""
        return self._added(~np.isnan(self.values))

    def sums(self) -> FloatArray:
        """The sum of the values of each hour; 0 without any."""
        return self._added(np.nan_to_num(self.values))

    def means(self) -> FloatArray:
        """The mean of the values of each hour; NaN without any."""
        known = self.known()
        return np.where(known > 0, self.sums() / np.maximum(known, 1), np.nan)

    def lasts(self) -> FloatArray:
        """The last value of each hour; NaN without any."""
        result = np.full((self.count, self.values.shape[1]), np.nan)
        for column in range(self.values.shape[1]):
            some = ~np.isnan(self.values[:, column])
            result[self.at[some], column] = self.values[some, column]  # later ones replace
        return result

    def _added(self, values: np.ndarray) -> FloatArray:
        result = np.zeros((self.count, self.values.shape[1]))
        np.add.at(result, self.at, values)
        return result


def _sums(
    table: _Table, moments: IntArray, parts: Sequence[Stretch]
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """The sums of the hours that have all their rows, and which have only some of them."""
    fewest, most = np.ones(table.count), np.ones(table.count)
    for part in parts:
        first = int(table.at[part.first])
        fewest[first:], most[first:] = part.rows_an_hour
    rows, known = table.rows, table.known()
    whole = (rows >= fewest) & ~cadence.lacking(moments, parts)
    every = (known == rows[:, None]) & whole[:, None]
    enough = ((known >= most[:, None]) | every) & (known > 0)
    return np.where(enough, table.sums(), np.nan), (rows > 0) & (rows < most) & ~whole


def _once(table: _Table, first: int, zone: ZoneInfo) -> IntArray:
    """The first of the two hours of each repeated hour that has rows in the first one only."""
    walls = wall_hours(first + np.arange(table.count), zone)
    rows = table.rows
    again = np.diff(walls).astype(np.int64) == 0
    return np.flatnonzero(again & (rows[:-1] > 0) & (rows[1:] == 0))


def _hour(clock: Clock, parts: Sequence[Stretch]) -> Hour:
    """What a device has to do: the cadence is that of the last rows."""
    if clock.minutes == 0:
        return Hour(clock.combine, 0)
    minutes = max(1, round(parts[-1].seconds / 60))
    return Hour() if minutes >= 60 else Hour(clock.combine, minutes)


def _check_step(file: DataFile, moments: IntArray) -> None:
    step = int(np.median(np.diff(moments))) if len(moments) > 1 else HOUR
    if step > HOUR:
        message = f"most rows are {step / HOUR:g} hours apart"
        raise fault(
            file,
            2,
            message,
            "edgeops needs at least one row per hour; if each row is an event, set"
            " `cadenceMinutes: 0` in model.yaml",
        )


def _read(
    file: DataFile,
    columns: Columns,
    rows: Iterable[Row],
    clock: Clock,
    local: LocalClock,
    number: Callable[[int, str, object], float],
) -> tuple[IntArray, FloatArray, bool]:
    """The moments, the values, and whether the timestamps have no offset."""
    moments, values = array("q"), array("d")  # a list needs four times the memory
    naive: bool | None = None
    before = 0
    for row in rows:
        stamp = _timestamp(file, columns.timestamp, row, clock.timestamps)
        check_year(file, row.line, stamp.year)
        if naive is None:
            naive = stamp.tzinfo is None
        if naive is not (stamp.tzinfo is None):
            offset = "an offset from UTC" if naive else "no offset from UTC"
            raise fault(file, row.line, f"{stamp} has {offset}, unlike the rows above")
        cells = [number(row.line, *pair) for pair in _pairs(file, columns, row)]
        previous = moments[-1] if moments else None
        moment = local.moment(row.line, stamp, previous, cells)
        if moment is None:
            continue
        if previous is not None:
            _check_order(file, row, stamp, moment - previous, before)
        moments.append(moment)
        values.extend(cells)
        before = row.line
        check_size(file, len(moments), len(columns.values))
    if not moments:
        raise fault(file, 1, "there are no rows")
    return np.array(moments), np.array(values).reshape(len(moments), -1), bool(naive)


def _timestamp(file: DataFile, column: str, row: Row, timestamps: Timestamps) -> datetime:
    try:
        return timestamps.read(row.timestamp)
    except ValueError:
        message = f"{column}: the value is not a timestamp"
        raise fault(file, row.line, message, timestamps.hint) from None


def _check_order(file: DataFile, row: Row, stamp: datetime, gap: int, before: int) -> None:
    if gap == 0:
        hint = (
            "each timestamp can occur once; put each series into a column, or name the column that"
            " tells the series apart (`long` in model.yaml)"
        )
        raise fault(file, row.line, f"{stamp} occurs twice, first on line {before}", hint)
    if gap < 0:
        message = f"{stamp} is earlier than line {before}"
        raise fault(file, row.line, message, "sort the rows by time")
    if gap > _LONGEST_GAP:
        message = f"{stamp} is {gap / 86400:.0f} days after line {before}"
        raise fault(file, row.line, message, "check the year")


def _pairs(file: DataFile, columns: Columns, row: Row) -> Iterable[tuple[str, object]]:
    if len(row.cells) != len(columns.values):
        message = f"has {len(row.cells)} values for {len(columns.values)} columns"
        raise fault(file, row.line, message)
    return zip(columns.values.values(), row.cells, strict=True)
