"""Rows with timestamps -> an hourly series; anything ambiguous is an error with its line."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from edgeops.features.gaps import is_gap
from edgeops.features.hourly import hourly, values_of
from edgeops.features.series import FloatArray, HourlySeries
from edgeops.features.spec import Hour
from edgeops.features.wall_clock import Doubled, phase, to_wall_clock
from edgeops.training.data.data_file import DataFile, check_size, check_year, fault

_HOUR = 3600
_LONGEST_GAP = 366 * 24 * _HOUR


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


def to_hourly(
    file: DataFile, columns: Columns, rows: Iterable[Row], zone: ZoneInfo, combine: Doubled
) -> HourlySeries:
    """The rows as one series on the clock of `zone`; hours without a row are missing.

    Timestamps without an offset from UTC are on that clock. The rows must be in
    order, most of them at most one hour apart. Several rows of one hour become
    their sum (counts) or mean (measurements).

    Raises `EdgeOpsError` with file:line.
    """
    moments, values = _read(file, columns, rows, zone)
    step = int(np.median(np.diff(moments))) if len(moments) > 1 else _HOUR
    if step > _HOUR:
        message = f"most rows are {step / _HOUR:g} hours apart"
        raise fault(file, 2, message, "edgeops needs at least one row per hour")
    begins = phase(zone)
    first, last = ((int(moments[row]) - begins) // _HOUR for row in (0, -1))
    count, names = last - first + 1, tuple(columns.values)
    check_size(file, count, len(names), unit="hours")  # a few rows can span centuries
    hour = Hour(combine, max(1, round(step / 60)))
    result = np.empty((count, len(names)))
    for column in range(len(names)):
        known = values_of(moments, values[:, column])
        result[:, column] = hourly(known, hour, first, count, begins)
    return to_wall_clock(first, names, result, zone, hour.doubled)


def _read(
    file: DataFile, columns: Columns, rows: Iterable[Row], zone: ZoneInfo
) -> tuple[np.ndarray, FloatArray]:
    moments, values = array("q"), array("d")  # a list needs four times the memory
    naive: bool | None = None
    before = 0
    for row in rows:
        stamp = _timestamp(file, columns.timestamp, row)
        check_year(file, row.line, stamp.year)
        if naive is None:
            naive = stamp.tzinfo is None
        if naive is not (stamp.tzinfo is None):
            offset = "an offset from UTC" if naive else "no offset from UTC"
            raise fault(file, row.line, f"{stamp} has {offset}, unlike the rows above")
        previous = moments[-1] if moments else None
        moment = _moment(file, row, stamp, zone, previous)
        if previous is not None:
            _check_order(file, row, stamp, moment - previous, before)
        moments.append(moment)
        values.extend(_number(file, row.line, *pair) for pair in _pairs(file, columns, row))
        before = row.line
        check_size(file, len(moments), len(columns.values))
    if not moments:
        raise fault(file, 1, "there are no rows")
    return np.array(moments), np.array(values).reshape(len(moments), -1)


def _timestamp(file: DataFile, column: str, row: Row) -> datetime:
    if isinstance(row.timestamp, datetime):
        return row.timestamp
    try:
        return datetime.fromisoformat(str(row.timestamp).strip())
    except ValueError:
        raise fault(
            file,
            row.line,
            f"{column}: the value is not a timestamp",
            "write ISO 8601, such as 2024-09-29T03:00 or 2024-09-29T03:00+13:00",
        ) from None


def _moment(file: DataFile, row: Row, stamp: datetime, zone: ZoneInfo, previous: int | None) -> int:
    """Seconds since 1970 in UTC; in a repeated hour, the second one if the first is over."""
    if stamp.tzinfo is not None:
        return int(stamp.timestamp())
    first = stamp.replace(tzinfo=zone)
    round_trip = first.astimezone(UTC).astimezone(zone)
    if round_trip.replace(tzinfo=None) != stamp.replace(fold=0):
        raise fault(
            file,
            row.line,
            f"{stamp} does not exist in {zone.key}: the clock skipped it",
            "check the time zone; for timestamps in UTC, set timeZone: UTC",
        )
    moment = int(first.timestamp())
    if previous is not None and moment <= previous:
        return int(first.replace(fold=1).timestamp())
    return moment


def _check_order(file: DataFile, row: Row, stamp: datetime, gap: int, before: int) -> None:
    if gap == 0:
        hint = "each timestamp can occur once; put each series into a column, not into rows"
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


def _number(file: DataFile, line: int, column: str, cell: object) -> float:
    if cell is None or (isinstance(cell, str) and is_gap(cell)):
        return math.nan
    try:
        number = float(cell)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        raise fault(file, line, f"{column}: the value is not a number") from None
    if math.isinf(number):
        raise fault(file, line, f"{column}: the number is infinite")
    return number
