"""Reads the user's data: a CSV or Parquet file with a timestamp and a column per series."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePath
from typing import Any

from edgeops.features.wall_clock import time_zone
from edgeops.training.data.csv_file import csv_rows
from edgeops.training.data.data_file import DataFile, check_size, fault
from edgeops.training.data.dataset import Dataset
from edgeops.training.data.hourly import Columns, Row, to_hourly
from edgeops.training.data.parquet_file import ParquetFile
from edgeops.training.recipe import TableSection

_HINT = "set the columns to read with `timestamp` and `columns` in model.yaml"
_Rows = Iterator[tuple[int, list[Any]]]


def read_table(file: DataFile, table: TableSection, zone: str) -> Dataset:
    """The hourly series of a file (`.parquet`, otherwise CSV), on the clock of an IANA time zone.

    Timestamps without an offset are on that clock. Raises `EdgeOpsError` with
    file:line (for Parquet, the number of the row).
    """
    header, rows_of = _parquet(file) if file.suffix == ".parquet" else _csv(file)
    check_size(file, 1, len(header))
    names = _columns(file, table, header)
    shown = _shown(table, header)
    series = to_hourly(
        file,
        Columns(shown[table.timestamp], {name: shown[name] for name in names}),
        (Row(line, cells[0], cells[1:]) for line, cells in rows_of((table.timestamp, *names))),
        time_zone(zone),
        table.combine,
    )
    return Dataset(PurePath(file.name).name, series, file.sha256)


def _columns(file: DataFile, table: TableSection, header: list[str]) -> tuple[str, ...]:
    wanted = table.columns or tuple(name for name in header if name != table.timestamp)
    counts = Counter(header)
    for name in (table.timestamp, *table.columns):
        if counts[name] != 1:
            many = "more than one" if counts[name] else "no"
            raise fault(file, 1, f"there is {many} column `{name}`", _HINT)
    for number, name in enumerate(header, start=1):
        if not table.columns and counts[name] != 1:
            again = header.index(name, number) + 1
            raise fault(file, 1, f"the columns {number} and {again} have the same name", _HINT)
    if not wanted:
        raise fault(file, 1, f"there is no column besides `{table.timestamp}`")
    if table.timestamp in wanted:
        raise fault(file, 1, f"column `{table.timestamp}` is the time, not a series", _HINT)
    return wanted


def _shown(table: TableSection, header: list[str]) -> dict[str, str]:
    """The display name of each column: only names in model.yaml are shown, see `fault`."""
    known = {table.timestamp, *table.columns}
    return {
        name: f"column `{name}`" if name in known else f"column {number}"
        for number, name in enumerate(header, start=1)
    }


def _csv(file: DataFile) -> tuple[list[str], Callable[[Sequence[str]], _Rows]]:
    rows = csv_rows(file)
    header = [name.strip() for name in next(rows, (1, []))[1]]

    def chosen(names: Sequence[str]) -> _Rows:
        places = {name: index for index, name in enumerate(header)}
        indexes = [places[name] for name in names]
        return ((line, [cells[index] for index in indexes]) for line, cells in rows)

    return header, chosen


def _parquet(file: DataFile) -> tuple[list[str], Callable[[Sequence[str]], _Rows]]:
    opened = ParquetFile(file)
    return opened.header, opened.rows
