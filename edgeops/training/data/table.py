"""Reads the user's data: a CSV or Parquet file, with a column per series or a row per value."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import PurePath
from typing import Any, Protocol

import numpy as np

from edgeops.features.series import HourlySeries
from edgeops.features.wall_clock import time_zone
from edgeops.training.data.csv_file import HEADER_HINT, CsvFile
from edgeops.training.data.csv_text import CsvText
from edgeops.training.data.data_file import DataFile, check_size, fault
from edgeops.training.data.dataset import Dataset
from edgeops.training.data.hourly import Columns, Hourly, Row, TableClock, to_hourly
from edgeops.training.data.long_table import in_order, rows_by_series
from edgeops.training.data.missing import cadence_notes, cadence_warnings, missing_warnings
from edgeops.training.data.number import NumberReader
from edgeops.training.data.parquet_file import ParquetFile
from edgeops.training.data.timestamp import Timestamps, is_time, timestamps
from edgeops.training.recipe import LongSection, TableSection

_HINT = "set the columns to read with `timestamp` and `columns` in model.yaml"
_IGNORE = "name the series with `columns` in model.yaml, or leave this one out with `ignore`"
_NAME = 'name it, name the series with `columns` in model.yaml, or set `ignore: [""]`'
_INDEX = re.compile(r"__index_level_\d+__\Z")  # the index of a table of pandas, in Parquet
_COUNTED = 25  # rows: a column that counts so many of them is not a series, nor the hour
_Rows = Iterator[tuple[int, list[Any]]]


class _Source(Protocol):
    """A file with named columns."""

    header: list[str]

    @property
    def point_is_decimal(self) -> bool:
        """Whether a point in a number can only be a decimal one."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What was recognised."""

    def rows(self, names: Sequence[str]) -> _Rows:
        """The line of each row, and its cells in these columns."""


def read_table(
    file: DataFile, table: TableSection, zone: str, rows_since: int | None = None
) -> Dataset:
    """The hourly series of a file (`.parquet`, otherwise CSV), on the clock of an IANA time zone.

    Timestamps without an offset are on that clock. The rows are kept from the moment
    `rows_since` on. Raises `EdgeOpsError` with
    file:line (for Parquet, the number of the row).
    """
    opened, notes = _open(file, table)
    table = opened.table
    names = opened.names()
    when = opened.timestamps()
    clock = TableClock(
        time_zone(zone), when, table.skipped_hour, table.combine, table.cadence_minutes
    )
    number = NumberReader(file, table.decimal, point=opened.source.point_is_decimal)
    if table.long is None:
        parts = [opened.wide(names, clock, number, rows_since)]
    else:
        parts = list(opened.each(table.long, clock, number, rows_since))
    number.finish()
    if number.has_comma:
        notes.append("the numbers have a decimal comma")
    return _dataset(file, parts, clock, [*filter(None, [when.note]), *notes])


def columns_of(file: DataFile, table: TableSection) -> list[str]:
    """The names of the columns of a file. Raises `EdgeOpsError` with file:line."""
    return _open(file, table)[0].source.header


def time_column(file: DataFile, table: TableSection) -> str:
    """The column with the time, where nobody says it. Raises `EdgeOpsError`.

    It is `timestamp`, else the first one with a time in its first row, else the first.
    """
    opened, _ = _open(file, table)
    header, long = opened.source.header, opened.table.long
    if opened.table.timestamp in header:
        return table.timestamp
    taken = {*table.columns, *table.ignore, *((long.series, long.value) if long else ())}
    names = [name for name in header if name not in taken and header.count(name) == 1]
    if not names:
        raise fault(file, 1, "there is no column with the time", _HINT)
    if any(is_time(name, table.timestamp_format) for name in names):
        raise fault(file, 1, "has a time, not only names: the header is missing", HEADER_HINT)
    _, cells = next(opened.source.rows(names), (1, [""] * len(names)))
    times = (is_time(cell, table.timestamp_format) for cell in cells)
    return next((name for name, is_one in zip(names, times, strict=True) if is_one), names[0])


@dataclass(frozen=True, slots=True)
class _Opened:
    """A file, and what model.yaml says of it. All methods raise `EdgeOpsError` with file:line."""

    file: DataFile
    source: _Source
    table: TableSection

    def names(self) -> tuple[str, ...]:
        """The columns that are series; those of a long table."""
        header, long = self.source.header, self.table.long
        fixed = self.table.columns if long is None else (long.series, long.value)
        counts = Counter(header)
        for name in (self.table.timestamp, *fixed):
            if counts[name] != 1:
                many = "more than one" if counts[name] else "no"
                hint = _HINT if len(header) > 1 else HEADER_HINT
                raise fault(self.file, 1, f"there is {many} column `{name}`", hint)
        if self.table.timestamp in fixed:
            message = f"column `{self.table.timestamp}` is the time, not a series"
            raise fault(self.file, 1, message, _HINT)
        return fixed or self._others()

    def timestamps(self) -> Timestamps:
        """How the timestamps are written."""

        def cells() -> Iterable[tuple[int, object]]:
            rows = self.source.rows([self.table.timestamp])
            return ((line, cells[0]) for line, cells in rows)

        column = self._shown(self.table.timestamp)
        return timestamps(self.file, column, cells, self.table.timestamp_format)

    def wide(
        self,
        names: tuple[str, ...],
        clock: TableClock,
        number: NumberReader,
        rows_since: int | None,
    ) -> Hourly:
        """The series of a table with a column for each."""
        shown = {name: self._shown(name) for name in names}
        rows = self.source.rows((self.table.timestamp, *names))
        if not self.table.columns:
            rows = _without_row_numbers(self.file, rows, list(shown.values()))
        return to_hourly(
            self.file,
            Columns(self._shown(self.table.timestamp), shown),
            (Row(line, cells[0], cells[1:]) for line, cells in rows),
            clock,
            number.read,
            rows_since,
        )

    def each(
        self, long: LongSection, clock: TableClock, number: NumberReader, rows_since: int | None
    ) -> Iterator[Hourly]:
        """The series of a long table, each on its own."""
        rows = self.source.rows((self.table.timestamp, long.series, long.value))
        series = rows_by_series(self.file, rows)
        check_size(self.file, 1, len(series))
        for name in self.table.columns:
            if name not in series:
                message = f"there is no series `{name}`"
                raise fault(self.file, 1, message, "check `columns` in model.yaml")
        wanted = self.table.columns or [name for name in series if name not in self.table.ignore]
        if not wanted:
            raise fault(self.file, 1, "there are no rows")
        for name in wanted:
            columns = Columns(self._shown(self.table.timestamp), {name: self._shown(long.value)})
            in_time = in_order(series[name], clock.timestamps)
            yield to_hourly(self.file, columns, in_time, clock, number.read, rows_since)

    def _others(self) -> tuple[str, ...]:
        """All columns but the timestamp and those to ignore."""
        header = self.source.header
        left_out = {self.table.timestamp, *self.table.ignore, *filter(_INDEX.match, header)}
        for name in self.table.ignore:
            if name not in header:
                message = f"there is no column `{name}` to ignore"
                raise fault(self.file, 1, message, "check `ignore` in model.yaml")
        for number, name in enumerate(header, start=1):
            if name in left_out:
                continue
            if not name:
                raise self._nameless(number)
            if header.count(name) != 1:
                again = header.index(name, number) + 1
                message = f"the columns {number} and {again} have the same name"
                raise fault(self.file, 1, message, _HINT)
        names = tuple(name for name in header if name not in left_out)
        if not names:
            raise fault(
                self.file, 1, f"there is no column besides `{self.table.timestamp}`", HEADER_HINT
            )
        return names

    def _nameless(self, number: int) -> Exception:
        message = f"column {number} has no name"
        if self.source.header.count("") == 1:
            cells = [row[0] for _, row in islice(self.source.rows([""]), _COUNTED)]
            if _counts(cells):
                message += "; it counts the rows, as pandas writes its index"
        return fault(self.file, 1, message, _NAME)

    def _shown(self, name: str) -> str:
        """The display name of a column: only names in model.yaml are shown, see `fault`."""
        long = self.table.long
        known = {self.table.timestamp, *self.table.columns} - {""}
        if name in known or (long and name in (long.series, long.value)):
            return f"column `{name}`"
        return f"column {self.source.header.index(name) + 1}"


def _open(file: DataFile, table: TableSection) -> tuple[_Opened, list[str]]:
    """The file, and what was recognised."""
    if file.suffix == ".parquet":
        source: _Source = ParquetFile(file)
    else:
        keys = (table.timestamp, "ds") if table.timestamp == "timestamp" else (table.timestamp,)
        source = CsvFile(CsvText(file, table.encoding), keys)
    check_size(file, 1, len(source.header))
    notes = list(source.notes)
    plain = table.long is None and table.timestamp == "timestamp"
    if plain and sorted(source.header) == ["ds", "unique_id", "y"]:  # as nixtla's packages have it
        notes.append("each row is a value of a series: `unique_id`, `ds`, `y`")
        table = replace(table, timestamp="ds", long=LongSection())
    return _Opened(file, source, table), notes


def _dataset(
    file: DataFile, parts: Sequence[Hourly], clock: TableClock, notes: Sequence[str]
) -> Dataset:
    series = _together(file, [part.series for part in parts])
    hour, hours = Counter(part.hour for part in parts).most_common(1)[0]
    warnings = [*cadence_warnings(parts, clock), *missing_warnings(parts)]
    if hours < len(parts):
        warnings.append(
            "the series have rows at different distances: devices expect the most frequent one,"
            f" {hour.minutes} minutes"
        )
    repairs = dict.fromkeys(repair for part in parts for repair in part.repairs)
    return Dataset(
        PurePath(file.name).name,
        series,
        file.sha256,
        repairs=tuple(repairs),
        hour=hour,
        notes=(*notes, *cadence_notes(parts, clock)),
        warnings=tuple(warnings),
        rows=tuple(part.rows for part in parts if part.rows and part.hour == hour),
    )


def _together(file: DataFile, parts: Sequence[HourlySeries]) -> HourlySeries:
    """Series over all their hours."""
    if len(parts) == 1:
        return parts[0]
    start = min(part.start for part in parts)
    count = max(len(part) - part.index(start) for part in parts)
    check_size(file, count, len(parts), unit="hours")
    values = np.full((count, len(parts)), np.nan)
    for column, part in enumerate(parts):
        first = -part.index(start)
        values[first : first + len(part), column] = part.values[:, 0]
    return HourlySeries(start, tuple(part.columns[0] for part in parts), values)


def _without_row_numbers(file: DataFile, rows: _Rows, shown: Sequence[str]) -> _Rows:
    """The rows; raises if a column counts them."""
    first = list(islice(rows, _COUNTED))
    if len(first) == _COUNTED:
        for at, name in enumerate(shown, start=1):
            if _counts([cells[at] for _, cells in first]):
                message = f"{name} counts the rows and is not a series"
                raise fault(file, 1, message, _IGNORE)
    return chain(first, rows)


def _counts(cells: Sequence[object]) -> bool:
    """Whether cells are 0, 1, 2 and so on, or begin with 1."""
    texts = [str(cell).strip().removesuffix(".0") for cell in cells]
    return any(texts == [str(first + at) for at in range(len(texts))] for first in (0, 1))
