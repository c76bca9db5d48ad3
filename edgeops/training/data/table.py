"""The user's own data: a CSV or Parquet file with a timestamp and a column a series."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeops.features.wall_clock import Doubled, time_zone
from edgeops.training.data.dataset import Dataset, csv_rows, fault, missing_package, read_bytes
from edgeops.training.data.hourly import Row, to_hourly


@dataclass(frozen=True, slots=True)
class Table:
    """How a file is read.

    `zone` is the IANA name of the clock that the series follow, and that
    timestamps without an offset are on; `columns` are all others when empty;
    `combine` says what becomes of several rows in one hour.
    """

    path: Path
    zone: str
    timestamp: str = "timestamp"
    columns: tuple[str, ...] = ()
    combine: Doubled = "sum"


def read_table(table: Table) -> Dataset:
    """The hourly series of a file (`.parquet`, or else CSV).

    Raises `EdgeOpsError` with file:line (of Parquet, the number of the row).
    """
    path = table.path
    data = read_bytes(path)
    parquet = path.suffix.lower() == ".parquet"
    header, rows = _parquet(path, data) if parquet else _csv(path, data)
    names = _columns(table, header)
    picked = [header.index(name) for name in names]
    stamp = header.index(table.timestamp)
    series = to_hourly(
        path,
        names,
        (Row(line, cells[stamp], [cells[index] for index in picked]) for line, cells in rows),
        time_zone(table.zone),
        table.combine,
    )
    return Dataset(path.name, series, hashlib.sha256(data).hexdigest())


def _columns(table: Table, header: list[str]) -> tuple[str, ...]:
    wanted = table.columns or tuple(name for name in header if name != table.timestamp)
    for name in (table.timestamp, *wanted):
        if header.count(name) != 1:
            what = "no column" if name not in header else "more than one column"
            hint = f"the columns are {', '.join(header)}"
            raise fault(table.path, 1, f"there is {what} `{name}`", hint)
    if not wanted:
        raise fault(table.path, 1, f"there is no column besides `{table.timestamp}`")
    return wanted


def _csv(path: Path, data: bytes) -> tuple[list[str], Iterator[tuple[int, list[Any]]]]:
    rows = csv_rows(path, data)
    _, header = next(rows, (1, []))
    return [name.strip() for name in header], rows


def _parquet(path: Path, data: bytes) -> tuple[list[str], Iterator[tuple[int, list[Any]]]]:
    try:
        from pyarrow import ArrowException, BufferReader
        from pyarrow.parquet import read_table as read
    except ModuleNotFoundError as error:
        raise missing_package("pyarrow", "train") from error
    try:
        table = read(BufferReader(data))
    except (ArrowException, OSError) as error:
        raise fault(path, 1, "is not a Parquet file") from error
    columns = [column.to_pylist() for column in table.columns]
    rows = ((line, list(cells)) for line, cells in enumerate(zip(*columns, strict=True), start=1))
    return list(table.column_names), rows
