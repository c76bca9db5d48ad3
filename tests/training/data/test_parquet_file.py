"""Parquet files, and what is not read of them."""

from __future__ import annotations

import io
import traceback
import tracemalloc
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from edgeops.errors import EdgeOpsError
from edgeops.training.data.data_file import LIMITS, DataFile, Limits
from edgeops.training.data.parquet_file import ParquetFile
from edgeops.training.data.table import read_table
from edgeops.training.recipe import TableSection

pyarrow = pytest.importorskip("pyarrow")
TIMES = [datetime(2024, 5, 1, tzinfo=UTC) + timedelta(hours=hour) for hour in range(3)]
SECRET = "hunter2"


def parquet(columns, **options) -> DataFile:
    from pyarrow.parquet import write_table

    made = columns if isinstance(columns, pyarrow.Table) else pyarrow.table(columns)
    buffer = io.BytesIO()
    write_table(made, buffer, **options)
    return DataFile("counts.parquet", buffer.getvalue())


def read(file, **options):
    return read_table(file, TableSection("counts.csv", **options), "UTC").series


@pytest.mark.parametrize(
    "times",
    [
        TIMES,
        [time.isoformat() for time in TIMES],
        pyarrow.array([time.isoformat() for time in TIMES]).dictionary_encode(),
        pyarrow.array([time.isoformat() for time in TIMES], pyarrow.large_string()),
    ],
)
def test_it_is_read_as_csv_is(times, csv_file):
    file = parquet({"timestamp": times, "gate.1": [1, None, 3], "b": ["1", "", "3"]})
    lines = [f"{time.isoformat()},{n},{n}" for time, n in zip(TIMES, ("1", "", "3"), strict=True)]
    same = read(csv_file("timestamp,gate.1,b", *lines))
    table = read(file)
    assert table.columns == ("gate.1", "b")
    np.testing.assert_array_equal(table.values, same.values)


def test_columns_that_nobody_asked_for_may_be_anything():
    file = parquet({"timestamp": TIMES, "a": [1, 2, 3], "b": [[1], [], None], "a.b": ["x"] * 3})
    assert read(file, columns=("a",)).column("a").tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"timestamp": [1, 2], "a": [1, 2]}, ":1: column `timestamp`: the value is not a time"),
        ({"timestamp": [date(1, 1, 1)], "a": [1]}, ":1: the year 1 is not between 1900 and 2200"),
        ({"timestamp": TIMES, "a": ["1", "2", SECRET]}, ":3: column 2: the value is not a number"),
        ({"timestamp": TIMES, "a": [b"1", b"2", b"\xff"]}, ":3: column 2: the value is not"),
        ({"timestamp": TIMES, SECRET: [[1]] * 3}, ":1: column 2 does not have numbers, times or"),
        ({"timestamp": TIMES, SECRET: [{"a": 1}] * 3}, ":1: column 2 does not have numbers"),
        ({"timestamp": TIMES, "a": ["1", "2", SECRET * 200]}, "has more than 1,000 bytes"),
        ({SECRET: TIMES, "a": [1, 2, 3]}, ":1: there is no column `timestamp`"),
    ],
)
def test_an_error_does_not_show_the_content(columns, message):
    with pytest.raises(EdgeOpsError) as caught:
        read(parquet(columns))
    assert f"counts.parquet{message}" in caught.value.message or message in caught.value.message
    assert SECRET not in caught.value.hint + "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("data", [b"", b"nothing", b"PAR1" + b"\0" * 100 + b"PAR1"])
def test_a_file_that_is_not_parquet(data):
    with pytest.raises(EdgeOpsError, match=r"counts.parquet:1: is not a Parquet file"):
        read(DataFile("counts.parquet", data))


def test_pages_that_are_damaged():
    whole = parquet({"timestamp": TIMES * 1000, "a": np.arange(3000.0)}, compression="zstd").data
    broken = whole[:50] + bytes(byte ^ 0xFF for byte in whole[50:200]) + whole[200:]
    with pytest.raises(EdgeOpsError, match=r"counts.parquet:1: is damaged, or not a Parquet file"):
        read(DataFile("counts.parquet", broken))


@pytest.mark.parametrize("repetition", [b"\0", b"\4"], ids=["required", "repeated"])
def test_a_schema_that_does_not_fit_the_pages(repetition):
    whole = parquet({"timestamp": TIMES, "a": [1, 2, 3]}).data
    assert whole.count(b"\x25\2\x18\1a") == 1  # a is optional
    forged = whole.replace(b"\x25\2\x18\1a", b"\x25" + repetition + b"\x18\1a")
    with pytest.raises(EdgeOpsError, match=r"counts.parquet:1: "):
        read(DataFile("counts.parquet", forged))


def test_a_text_that_is_not_in_its_dictionary():
    whole = parquet({"timestamp": TIMES, "a": ["1", "2", "3"]}, compression="none").data
    before, numbers, after = whole.rpartition(b"\6\1\2\3\x24")  # of the texts
    forged = before + numbers[:-1] + b"\xff" + after
    with pytest.raises(EdgeOpsError, match=r"counts.parquet:1: column 2: a value from here on"):
        read(DataFile("counts.parquet", forged))


def test_a_small_file_of_many_rows_is_not_unpacked():
    """By what it claims: it may be far more than there is memory for."""
    same = pyarrow.DictionaryArray.from_arrays(pyarrow.array(np.zeros(100_001, np.int8)), ["x"])
    file = parquet(pyarrow.table({"timestamp": same, "a": same}))
    assert len(file.data) < 10_000
    opened = ParquetFile(file, Limits(values=200_000))
    with pytest.raises(EdgeOpsError, match=r"has 100,001 rows of 2 columns") as caught:
        next(opened.rows(["timestamp", "a"]))
    assert "the limit is 200,000 values" in caught.value.hint


def test_pages_that_unpack_to_far_more_than_they_are():
    file = parquet({"timestamp": TIMES, "a": ["x" * 100_000] * 3}, compression="zstd")
    opened = ParquetFile(file, Limits(bytes=1000))
    with pytest.raises(EdgeOpsError, match=r"has \d+,\d{3} bytes when decompressed"):
        next(opened.rows(["a"]))


@pytest.mark.parametrize("called", [b"other_name", b"\xff" * 10])
def test_pages_that_say_they_are_of_another_column(called):
    file = parquet({"timestamp": TIMES, "big_column": ["x" * 100_000] * 3}, compression="zstd")
    before, _, after = file.data.rpartition(b"big_column")  # in the chunk, behind the schema
    forged = DataFile(file.name, before + called + after)
    opened = ParquetFile(forged, Limits(bytes=1000))
    with pytest.raises(EdgeOpsError, match=r"has \d+,\d{3} bytes when decompressed"):
        next(opened.rows(["big_column"]))


def test_a_long_text_that_is_repeated_is_not_unpacked():
    rows = 100_000
    same = pyarrow.DictionaryArray.from_arrays(
        pyarrow.array(np.zeros(rows, np.int8)), ["x" * 1_000_000]
    )
    file = parquet(pyarrow.table({"timestamp": same, "a": pyarrow.nulls(rows)}))
    before = pyarrow.total_allocated_bytes()
    tracemalloc.start()
    try:
        with pytest.raises(EdgeOpsError, match=r"column 1: a text from here on has more"):
            read(file)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 10_000_000
    assert pyarrow.total_allocated_bytes() - before < 10_000_000


def test_more_columns_than_anybody_has():
    count = LIMITS.columns + 1
    names = ["timestamp", *map(str, range(count - 1))]
    with pytest.raises(EdgeOpsError, match=r"has 10,001 columns; the limit is 10,000"):
        read(parquet({name: pyarrow.nulls(1) for name in names}))
