"""Rows with timestamps -> an hourly series; anything ambiguous is an error with its line."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from edgeops.features.hourly import hourly, values_of
from edgeops.features.series import FloatArray, HourlySeries, IntArray
from edgeops.features.spec import Combine, Hour
from edgeops.features.wall_clock import phase, to_wall_clock, wall_hours
from edgeops.training.data import cadence
from edgeops.training.data.cadence import HOUR, Stretch
from edgeops.training.data.data_file import DataFile, check_size, check_year, fault
from edgeops.training.data.dataset import Repair
from edgeops.training.data.local_clock import LocalClock, SkippedHour
from edgeops.training.data.rows import Rows
from edgeops.training.data.timestamp import Timestamps

_LONGEST_GAP = 366 * 24 * HOUR


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
class TableClock:
    """How timestamps become hours: what model.yaml says about time.

    `minutes` is the time from one row to the next: None if it is to be found, 0 if
    each row is an event.
    """

    zone: ZoneInfo
    timestamps: Timestamps
    skipped_hour: SkippedHour = "refuse"
    combine: Combine = "sum"
    minutes: int | None = None

    @property
    def adds_up_moments(self) -> bool:
        """Whether several rows can be of one moment, as two events of the same second are."""
        return self.minutes == 0 and self.combine == "sum"


@dataclass(frozen=True, slots=True, eq=False)
class Hourly:
    """The hourly series of rows, and what was made of them.

    `none` is the share of the hours without a row, `few` that with fewer than a
    sum needs; `parts` are the stretches of a cadence, `repeated` the rows at the
    moment of the row before. `rows` are those at the last of these distances, where
    they were asked for.
    """

    series: HourlySeries
    hour: Hour
    repairs: tuple[Repair, ...]
    parts: tuple[Stretch, ...]
    none: float
    few: float
    repeated: int
    rows: Rows | None = None


def to_hourly(
    file: DataFile,
    columns: Columns,
    rows: Iterable[Row],
    clock: TableClock,
    number: Callable[[int, str, object], float],
    rows_since: int | None = None,
) -> Hourly:
    """The rows as one series on the clock of a zone; hours without a row are missing.

    Timestamps without an offset from UTC are on that clock. The rows must be in
    order, most of them at most one hour apart. Several rows of one hour become
    their sum (counts), their mean or the last of them (measurements). `number`
    reads a cell of a line, and of a column by its display name. The rows are kept from
    the moment `rows_since` on.

    Raises `EdgeOpsError` with file:line.
    """
    local = LocalClock(file, clock.zone, clock.skipped_hour, once=not clock.adds_up_moments)
    moments, values, naive = _read(file, columns, rows, clock, local, number)
    begins, as_read = phase(clock.zone), moments
    moments = moments - begins
    parts = cadence.stretches(moments, clock.minutes)
    hour = _hour(clock, parts, moments)
    if clock.minutes != 0:
        _check_step(file, moments)
        moments = cadence.without_jitter(moments, parts)
    first = int(moments[0]) // HOUR
    count, width = int(moments[-1]) // HOUR - first + 1, len(columns.values)
    check_size(file, count, width, unit="hours")  # a few rows can span centuries
    table = _Grid.of(moments // HOUR - first, count, values)
    result, few = np.empty((count, width)), np.zeros(count, dtype=bool)
    for column in range(width):  # with any number of rows: which are enough is said below
        known = values_of(moments, values[:, column])
        result[:, column] = hourly(known, Hour(clock.combine), first, count)
    if clock.combine == "sum" and clock.minutes == 0:
        result = np.nan_to_num(result)
    elif clock.combine == "sum":
        enough, few = _sums(table, moments, parts)
        result[~enough] = np.nan
    once = _once(table, first, clock.zone) if naive else np.empty(0, dtype=np.int64)
    result[once + 1] = result[once] if clock.combine == "mean" else 0
    series = to_wall_clock(first, tuple(columns.values), result, clock.zone, clock.combine)
    walls = wall_hours(once + first, clock.zone)
    what = "the clock repeats this hour, the table has it once: taken as it is"
    repairs = [*local.repairs, *(Repair(what, hour, 1) for hour in walls)]
    none, again = float((table.rows == 0).mean()), int((np.diff(moments) == 0).sum())
    kept = None
    if rows_since is not None:
        since = (int(moments[parts[-1].first]) // HOUR + (len(parts) > 1)) * HOUR + begins
        every = Rows(tuple(columns.values), as_read, values, since)
        kept = _twice(every, (once + first) * HOUR + begins, clock.combine).since(rows_since)
    return Hourly(series, hour, tuple(repairs), parts, none, float(few.mean()), again, kept)


def _twice(rows: Rows, hours: IntArray, combine: Combine) -> Rows:
    """With rows for the second of the hours that a clock repeats, of which only one was known.

    `hours` are the moments at which the first ones begin.
    """
    at = np.concatenate(
        [np.arange(*np.searchsorted(rows.moments, [hour, hour + HOUR])) for hour in hours]
        or [np.empty(0, dtype=np.int64)]
    )
    moments = np.concatenate([rows.moments, rows.moments[at] + HOUR])
    again = rows.values[at] * (combine == "mean")  # NaN stays NaN
    order = np.argsort(moments, kind="stable")
    values = np.concatenate([rows.values, again])[order]
    return Rows(rows.columns, moments[order], values, rows.begin)


def _sums(
    table: _Grid, moments: IntArray, parts: Sequence[Stretch]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which sums are of all their rows (by hour and column), and which hours have some only."""
    fewest, most = np.ones(table.count), np.ones(table.count)
    for part in parts:
        first = int(table.at[part.first])
        fewest[first:], most[first:] = part.rows_an_hour
    whole = (table.rows >= fewest) & ~cadence.lacking(moments, parts)
    every = (table.known == table.rows[:, None]) & whole[:, None]
    enough = (table.known >= most[:, None]) | every
    return enough, (table.rows > 0) & (table.rows < most) & ~whole


@dataclass(frozen=True, slots=True, eq=False)
class _Grid:
    """The rows by hour: `at` is the hour of each, counted from the first of `count` hours.

    `rows` is how many each hour has, `known` how many values, by column.
    """

    at: IntArray
    count: int
    rows: IntArray
    known: IntArray

    @classmethod
    def of(cls, at: IntArray, count: int, values: FloatArray) -> _Grid:
        """The table of values in these hours."""
        known = [np.bincount(at[~gaps], minlength=count) for gaps in np.isnan(values).T]
        return cls(at, count, np.bincount(at, minlength=count), np.stack(known, axis=1))


def _once(table: _Grid, first: int, zone: ZoneInfo) -> IntArray:
    """The first of the two hours of each repeated hour that has rows in the first one only."""
    walls = wall_hours(first + np.arange(table.count), zone)
    rows = table.rows
    again = np.diff(walls).astype(np.int64) == 0
    return np.flatnonzero(again & (rows[:-1] > 0) & (rows[1:] == 0))


def _hour(clock: TableClock, parts: Sequence[Stretch], moments: IntArray) -> Hour:
    """What a device has to do: the cadence is that of the last rows."""
    if clock.minutes == 0:
        return Hour(clock.combine, 0)
    minutes = min(60, max(1, round(parts[-1].seconds / 60)))
    early = cadence.earliness(moments, parts[-1])
    # Of values an hour apart, the last is the sum; but not where an hour happens twice.
    if minutes == 60 and clock.combine == "sum":
        return Hour(early=early)
    return Hour(clock.combine, minutes, early)


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
    clock: TableClock,
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
        if previous is not None and not (clock.adds_up_moments and moment == previous):
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
            "each timestamp can occur once; join a date and an hour to one column, put each series"
            " into a column, name the column that tells the series apart with `long` in model.yaml,"
            " or set `cadenceMinutes: 0` if each row is an event"
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
