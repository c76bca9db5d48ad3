"""CSV files: their bounds, and that messages keep what they hold to themselves."""

from __future__ import annotations

import gzip
import traceback
from collections.abc import Callable
from dataclasses import replace

import pytest

from edgeops.errors import EdgeOpsError
from edgeops.training.data.akl import read_akl
from edgeops.training.data.csv_file import csv_rows
from edgeops.training.data.data_file import DataFile, Limits
from edgeops.training.data.known import read_events, read_weather, together
from edgeops.training.data.table import read_table
from edgeops.training.recipe import LongSection, TableSection

SECRET = "hunter2"
TABLE = TableSection("counts.csv")
LONG = TableSection("counts.csv", timestamp="b", long=LongSection("timestamp", "a"))
READERS = {
    "table": lambda file: read_table(file, TABLE, "UTC"),
    "table with columns": lambda file: read_table(
        file, TableSection("counts.csv", "when", ("a", "b")), "UTC"
    ),
    "long table": lambda file: read_table(file, LONG, "UTC"),
    "events as a table": lambda file: read_table(file, replace(TABLE, cadence_minutes=0), "UTC"),
    "local times": lambda file: read_table(
        file, replace(TABLE, skipped_hour="drop"), "Europe/Rome"
    ),
    "weather": lambda file: read_weather(file, TABLE, "UTC"),
    "akl": read_akl,
    "events": read_events,
}
HEADERS = [
    "timestamp,a,b",
    "when,a,b",
    f"timestamp,{SECRET},b",
    "date,hour,year,a",
    "name,start,end,value",
    f"{SECRET}=x,a",
]
ROWS = [
    f"{SECRET},1,1",
    f"2024-05-01T00:00,{SECRET},1",
    f"2024-05-01T00:00,1,{SECRET}",
    f"{SECRET},6:00-6:59,2024,1",
    f"2024-05-01,{SECRET},2024,1",
    f"13/13/2024,{SECRET},1",
    f"01/02/2024,{SECRET},1",
    f"1714521600,{SECRET},1",
    f"2024-05-01T00:00;{SECRET},1,1",
    f"2024-05-01,6:00-6:59,2024,{SECRET}",
    f"{SECRET},2024-05-01,2024-04-01,1",
    f"x,{SECRET},2024-05-01,1",
    f"x,2024-05-01,{SECRET},1",
    f"x,2024-05-01T00:00+{SECRET},2024-05-02,1",
    f"x,2024-05-01,2024-05-02,{SECRET}",
    f'"{SECRET}',
    f"{SECRET}\0,1,1",
]


def error_of(read: Callable[[DataFile], object], file: DataFile) -> EdgeOpsError | None:
    try:
        read(file)
    except EdgeOpsError as error:
        return error
    return None


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("header", HEADERS)
def test_a_message_never_holds_what_the_file_does(reader, header):
    refused = 0
    for row in ROWS:
        file = DataFile("counts.csv", f"{header}\n{row}\n".encode())
        error = error_of(READERS[reader], file)
        if error is not None:
            refused += 1
            assert error.message.startswith("counts.csv:")
            assert SECRET not in error.hint + "".join(traceback.format_exception(error))
    assert refused >= len(ROWS) - 4


FEW = Limits(bytes=100_000, columns=10, values=50)


def rows_of(data: bytes, name: str = "counts.csv") -> list[tuple[int, list[str]]]:
    return list(csv_rows(DataFile(name, data), FEW))


def test_a_file_that_unpacks_to_far_more_than_it_is():
    with pytest.raises(EdgeOpsError, match=r"counts.csv.gz:1: has more than 100,000 bytes"):
        rows_of(gzip.compress(bytes(100_001)), "counts.csv.gz")


def test_a_file_that_is_not_gzip():
    with pytest.raises(EdgeOpsError, match=r"counts.csv.gz:1: is not a complete gzip file"):
        rows_of(b"timestamp,a\n", "counts.csv.gz")


def test_a_line_without_end():
    with pytest.raises(EdgeOpsError, match=r"counts.csv:2: has more than 4,194,304 characters"):
        rows_of(b"a\n" + b"," * 5_000_000)


def test_a_row_without_end_that_goes_on_over_lines():
    with pytest.raises(EdgeOpsError, match=r"counts.csv:\d{6}: has more than 4,194,304 char"):
        rows_of(b"a\n" + b'"b\n",' * 1_000_000)


def test_rows_that_are_long_only_together():
    file = DataFile("counts.csv", (b'"' + b"b" * 100_000 + b'\n"\n') * 45)
    assert len(list(csv_rows(file))) == 45


def test_more_columns_than_anybody_has():
    with pytest.raises(EdgeOpsError, match=r"counts.csv:1: has 11 columns; the limit is 10"):
        rows_of(b"a," * 10)


def test_more_values_than_fit_into_memory():
    assert len(rows_of(b"a,b\n" * 25)) == 25
    with pytest.raises(EdgeOpsError, match=r"counts.csv:1: has 26 rows of 2 columns"):
        rows_of(b"a,b\n" * 26)


def test_a_few_rows_that_are_centuries_apart():
    """Hours without a row are missing values, which need memory as well."""
    years = [f"{year}-12-31T00:00" for year in range(1900, 2200)]
    hours = [f"1900-01-01T{hour // 60:02}:{hour % 60:02}" for hour in range(1000)]
    columns = 50
    lines = [f"{time}{',' * columns}" for time in ["timestamp", *hours, *years]]
    lines[0] = ",".join(["timestamp", *map(str, range(columns))])
    with pytest.raises(EdgeOpsError, match=r"has 2,629,\d{3} hours of 50 columns"):
        read_table(DataFile("counts.csv", "\n".join(lines).encode()), TABLE, "UTC")


def test_events_of_centuries():
    lines = [f"{name},1900-01-01,2199-01-01" for name in range(50)]
    file = DataFile("events.csv", "\n".join(["name,start,end", *lines]).encode())
    with pytest.raises(EdgeOpsError, match=r"events.csv:1: has 2,620,\d{3} hours of 50 columns"):
        read_events(file)


def test_events_and_weather_that_are_centuries_apart():
    names = ",".join(map(str, range(100)))
    weather = DataFile("w.csv", f"timestamp,{names}\n1900-01-01T00:00{',1' * 100}\n".encode())
    events = DataFile("e.csv", b"name,start,end\nx,2199-01-01,2199-01-02\n")
    with pytest.raises(EdgeOpsError, match="does not fit into memory"):
        together([read_weather(weather, TABLE, "UTC"), read_events(events)])
