"""Rows with timestamps -> an hourly series, with every doubt as an error that names the line."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from edgeops.features.series import FloatArray, HourlySeries
from edgeops.features.wall_clock import Doubled, to_wall_clock
from edgeops.training.data.dataset import fault

_HOUR = 3600
_YEARS = (1900, 2200)
_LONGEST_GAP = 366 * 24 * _HOUR
_MISSING = {"", "na", "nan", "null", "none"}


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table; `line` counts from 1, as editors show it."""

    line: int
    timestamp: object  # text or `datetime`; a Parquet file may hold anything
    cells: Sequence[object]


def to_hourly(
    path: Path, columns: tuple[str, ...], rows: Iterable[Row], zone: ZoneInfo, combine: Doubled
) -> HourlySeries:
    """The rows as one series on the clock of `zone`; hours without a row are missing.

    Timestamps have an offset from UTC, or none and are then on that clock;
    rows are in order and at most an hour apart as a rule. Several rows of one
    hour become their sum (counts) or mean (measurements).

    Raises `EdgeOpsError` with file:line.
    """
    moments, values = _read(path, columns, rows, zone)
    hours = moments // _HOUR
    step = int(np.median(np.diff(moments))) if len(moments) > 1 else _HOUR
    if step > _HOUR:
        message = f"most rows are {step / _HOUR:g} hours apart"
        raise fault(path, 2, message, "edgeops needs a row an hour, or more often")
    grid = hours - hours[0]
    count = int(grid[-1]) + 1
    total = np.zeros((count, len(columns)))
    known = np.zeros((count, len(columns)))
    np.add.at(total, grid, np.nan_to_num(values))
    np.add.at(known, grid, ~np.isnan(values))
    # A sum needs every row of its hour; a mean makes do with what there is.
    needed = max(1, round(_HOUR / step)) if combine == "sum" else 1
    enough = known >= needed
    result = np.where(enough, total, np.nan)
    if combine == "mean":
        result = result / np.where(enough, known, 1)
    return to_wall_clock(int(hours[0]), columns, result, zone, combine)


def _read(
    path: Path, columns: tuple[str, ...], rows: Iterable[Row], zone: ZoneInfo
) -> tuple[np.ndarray, FloatArray]:
    moments: list[int] = []
    values: list[list[float]] = []
    naive: bool | None = None
    before = 0
    for row in rows:
        stamp = _timestamp(path, row)
        if not _YEARS[0] <= stamp.year <= _YEARS[1]:
            raise fault(path, row.line, f"the year {stamp.year} cannot be")
        if naive is None:
            naive = stamp.tzinfo is None
        if naive is not (stamp.tzinfo is None):
            has = "no offset from UTC" if not naive else "an offset from UTC"
            raise fault(path, row.line, f"{stamp} has {has}, unlike the rows above")
        previous = moments[-1] if moments else None
        moment = _moment(path, row, stamp, zone, previous)
        if previous is not None:
            _check_order(path, row, stamp, moment - previous, before)
        moments.append(moment)
        values.append([_number(path, row.line, *pair) for pair in _pairs(path, columns, row)])
        before = row.line
    if not moments:
        raise fault(path, 1, "there are no rows")
    return np.array(moments), np.array(values)


def _timestamp(path: Path, row: Row) -> datetime:
    if isinstance(row.timestamp, datetime):
        return row.timestamp
    try:
        return datetime.fromisoformat(str(row.timestamp).strip())
    except ValueError as error:
        raise fault(
            path,
            row.line,
            f"`{str(row.timestamp)[:40]}` is no timestamp",
            "write ISO 8601, such as 2024-09-29T03:00 or 2024-09-29T03:00+13:00",
        ) from error


def _moment(path: Path, row: Row, stamp: datetime, zone: ZoneInfo, previous: int | None) -> int:
    """Seconds since 1970 in UTC. Of an hour that happens twice, the second when the first was."""
    if stamp.tzinfo is not None:
        return int(stamp.timestamp())
    first = stamp.replace(tzinfo=zone)
    there_and_back = first.astimezone(UTC).astimezone(zone)
    if there_and_back.replace(tzinfo=None) != stamp.replace(fold=0):
        raise fault(
            path,
            row.line,
            f"{stamp} does not exist in {zone.key}: the clock skipped it",
            "is the time zone right, or are the timestamps in UTC (timeZone: UTC)?",
        )
    moment = int(first.timestamp())
    if previous is not None and moment <= previous:
        return int(first.replace(fold=1).timestamp())
    return moment


def _check_order(path: Path, row: Row, stamp: datetime, gap: int, before: int) -> None:
    if gap == 0:
        hint = "each timestamp may be there once; a series is a column, not more rows"
        raise fault(path, row.line, f"{stamp} is there twice, first on line {before}", hint)
    if gap < 0:
        message = f"{stamp} is earlier than line {before}"
        raise fault(path, row.line, message, "sort the rows by time")
    if gap > _LONGEST_GAP:
        message = f"{stamp} is {gap / 86400:.0f} days after line {before}"
        raise fault(path, row.line, message, "is the year right?")


def _pairs(path: Path, columns: tuple[str, ...], row: Row) -> Iterable[tuple[str, object]]:
    if len(row.cells) != len(columns):
        message = f"has {len(row.cells)} values for {len(columns)} columns"
        raise fault(path, row.line, message)
    return zip(columns, row.cells, strict=True)


def _number(path: Path, line: int, column: str, cell: object) -> float:
    if cell is None or (isinstance(cell, str) and cell.strip().lower() in _MISSING):
        return math.nan
    try:
        number = float(cell)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError) as error:
        raise fault(path, line, f"{column}: `{str(cell)[:40]}` is no number") from error
    if math.isinf(number):
        raise fault(path, line, f"{column}: the number is infinite")
    return number
