"""Tables as people write them: whatever the dialect, the series is the same."""

from __future__ import annotations

import csv
import gzip
import io
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.errors import EdgeOpsError
from edgeops.training.data.data_file import DataFile
from edgeops.training.data.table import read_table
from edgeops.training.recipe import LongSection, TableSection

HOURS = 24 * 14  # so that a day is above 12, and a month is not
START = datetime(2024, 5, 1)  # noqa: DTZ001 - on the wall


@dataclass(frozen=True)
class Dialect:
    separator: str = ","
    decimal: str = "."
    encoding: str = "utf-8"
    stamp: str = "%Y-%m-%dT%H:%M"
    long: bool = False
    ending: str = "\n"


def read(data: bytes | str, *, name="counts.csv", zone="UTC", **options):
    file = DataFile(name, data.encode() if isinstance(data, str) else data)
    return read_table(file, TableSection(name, **options), zone)


def written(dialect: Dialect, values: np.ndarray) -> bytes:
    text = io.StringIO(newline="")
    out = csv.writer(text, delimiter=dialect.separator, lineterminator=dialect.ending)

    def number(value: float) -> str:
        return "" if np.isnan(value) else repr(float(value)).replace(".", dialect.decimal)

    stamps = [(START + timedelta(hours=at)).strftime(dialect.stamp) for at in range(len(values))]
    if dialect.long:
        out.writerow(["unique_id", "ds", "y"])
        for column, name in ((1, "b"), (0, "a")):
            for stamp, row in zip(stamps, values, strict=True):
                out.writerow([name, stamp, number(row[column])])
    else:
        out.writerow(["timestamp", "a", "b"])
        for stamp, row in zip(stamps, values, strict=True):
            out.writerow([stamp, *map(number, row)])
    return text.getvalue().encode(dialect.encoding)


DIALECTS = st.builds(
    Dialect,
    st.sampled_from(",;\t|"),
    st.sampled_from(".,"),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from(
        [
            "%Y-%m-%dT%H:%M",
            "%d/%m/%Y %H:%M",
            "%m/%d/%Y %I:%M %p",
            "%d.%m.%Y %H:%M:%S",
            "%Y/%m/%d %H:%M",
        ]
    ),
    st.booleans(),
    st.sampled_from(["\n", "\r\n"]),
)


@given(DIALECTS, st.integers(0, 2**32 - 1))
def test_a_table_reads_back_the_same_in_every_dialect(dialect, seed):
    random = np.random.default_rng(seed)
    values = np.round(random.gamma(2, 30, (HOURS, 2)), 1)
    values[random.random(values.shape) < 0.05] = np.nan
    values[0] = values[-1] = 0.5
    series = read(written(dialect, values)).series
    assert series.start == np.datetime64("2024-05-01T00", "h")
    np.testing.assert_array_equal(series.select(("a", "b")).values, values)


@pytest.mark.parametrize(
    ("cells", "options", "expected"),
    [
        (["1,5", "2"], {}, [1.5, 2]),
        (["1,234", "0,5"], {}, [1.234, 0.5]),
        (["1,234", "2,345"], {"decimal": ","}, [1.234, 2.345]),
        (["1.234", "2.5"], {}, [1.234, 2.5]),
        (["1.234", "999"], {"decimal": "."}, [1.234, 999]),
        (["-1,5", "+2,25"], {}, [-1.5, 2.25]),
        (["1e3", "NA"], {}, [1000, np.nan]),
        (["n/a", "#N/A", "-", "--", "?", "<NA>", "None", "2"], {}, [*[np.nan] * 7, 2]),
    ],
)
def test_numbers_with_a_comma_or_a_point(cells, options, expected):
    rows = [f"2024-05-01T0{at}:00;{cell}" for at, cell in enumerate(cells)]
    data = read("\n".join(["timestamp;a", *rows]), **options)
    np.testing.assert_array_equal(data.series.column("a"), expected)


@pytest.mark.parametrize(
    ("cells", "message", "hint"),
    [
        (["1,234", "2,345"], ":2: the numbers have a `,` before three digits", "decimal: "),
        (["999", "1.234"], ":3: the numbers have a `.` before three digits", "decimal: "),
        (["1.234,5"], ":2: column 2: the number has separators of thousands", "1234.5"),
        (["1,234,567"], ":2: column 2: the number has separators of thousands", "1234.5"),
        (["1 234"], ":2: column 2: the number has separators of thousands", "1234.5"),
        (["1'234.5"], ":2: column 2: the number has separators of thousands", "1234.5"),
        (["1,5", "2.5"], ":3: column 2: the number has a `.`, but line 2 has `,`", "one decimal"),
    ],
)
def test_numbers_that_could_be_others(cells, message, hint):
    rows = [f"2024-05-01T0{at}:00;{cell}" for at, cell in enumerate(cells)]
    with pytest.raises(EdgeOpsError) as caught:
        read("\n".join(["timestamp;a", *rows]))
    assert f"counts.csv{message}" in caught.value.message
    assert hint in caught.value.hint


def test_a_decimal_comma_between_commas_needs_quotes_or_semicolons():
    assert read('timestamp,a\n2024-05-01T00:00,"1,5"\n').series.column("a").tolist() == [1.5]
    with pytest.raises(EdgeOpsError, match="has 3 cells, but the header has 2") as caught:
        read("timestamp,a\n2024-05-01T00:00,1,5\n")
    assert "semicolons" in caught.value.hint


def test_what_was_recognised_is_told():
    data = read("timestamp;a\n13/05/2024 00:00;1,5\n".encode("utf-16"))
    assert data.notes == (
        "the dates are read as day, month, year",
        "the columns are separated by semicolons",
        "the text is in UTF-16",
        "the numbers have a decimal comma",
    )
    assert read("timestamp,a\n2024-05-01T00:00,1.5\n").notes == ()


def test_the_text_of_an_old_excel():
    data = "timestamp;Zählung\n2024-05-01T00:00;1\n".encode("windows-1252")
    assert read(data, encoding="windows-1252").series.columns == ("Zählung",)
    with pytest.raises(EdgeOpsError, match=r"counts.csv:1: is not UTF-8 text") as caught:
        read(data)
    assert "encoding: windows-1252" in caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "sep=;\r\ntimestamp;a\r\n2024-05-13 23:00;1\r\n2024-05-14 00:00;2\r\n",
        "timestamp,a\n,\n2024-05-13 23:00,1\n2024-05-13 24:00,2\n , \n",
        "timestamp,a\n13.05.2024 23:00:00,1\n13.05.2024 24:00:00,2\n",
        gzip.compress(b"timestamp,a\n2024-05-13T23:00Z,1\n2024-05-13T24:00Z,2\n", mtime=0),
    ],
)
def test_what_spreadsheets_and_loggers_write(text):
    series = read(text).series
    assert series.start == np.datetime64("2024-05-13T23", "h")
    assert series.column("a")[:2].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("data", "message", "hint"),
    [
        (b"", ":1: is empty", ""),
        (b"\n \n", ":1: is empty", ""),
        (b"PK\x03\x04\x14\xff", ":1: is an Excel workbook or an archive", "save it as CSV"),
        (b"PAR1\x15\xff", ":1: is Parquet, not CSV", "the suffix .parquet"),
        (b"Gate 7\n\ntimestamp,a\n", ":1: there is no column `timestamp`", "what is above"),
        (b"# Gate 7\n", ":1: there is no", "remove what is above"),
        (b"timestamp,a\nUTC,kW\n", ":2: column `timestamp`: the value is not", "titles, units"),
        (b"timestamp,hour,a\n2024-05-01,0,1\n2024-05-01,1,1\n", ":3: ", "a date and an hour"),
    ],
)
def test_files_that_are_no_table(data, message, hint):
    with pytest.raises(EdgeOpsError) as caught:
        read(data, timestamp="# Gate 7" if data.startswith(b"#") else "timestamp")
    assert f"counts.csv{message}" in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize("cut", [3, 30, 31])
def test_utf_16_that_is_cut(cut):
    with pytest.raises(EdgeOpsError, match=r"counts\.csv:"):
        read("timestamp,a\n2024-05-01T00:00,1\n".encode("utf-16")[:cut])


NOON = {
    "2024/05/13 12:00": {},
    "13/05/2024 12:00": {},
    "05/13/2024 12:00 PM": {},
    "5/13/2024, 12:00:30 p.m.": {},
    "13.5.2024 12:00": {},
    "13-05-2024T12:00:00.000": {},
    "2024-5-13 12:00": {},
    "1715601600": {},
    "1715601600.0": {},
    "1715601600000": {},
    "1715601600000000000": {},
    "05/06/2024": {"timestamp_format": "%d/%m/%Y"},
    "13 May 2024, 12h": {"timestamp_format": "%d %b %Y, %Hh"},
    "1715601600 ": {"timestamp_format": "epoch-s"},
    "202405131200": {"timestamp_format": "%Y%m%d%H%M"},
}


@pytest.mark.parametrize(("cell", "options"), NOON.items())
def test_timestamps_that_can_be_read_in_one_way(cell, options):
    start = read(f'timestamp,a\n"{cell}",1\n', **options).series.start
    assert str(start) == ("2024-06-05T00" if "06" in cell[:5] else "2024-05-13T12")


@pytest.mark.parametrize(
    ("cells", "message", "hint"),
    [
        (["01/02/2024", "02/02/2024"], ":2: column `timestamp`: the value is not a", "%d/%m/%Y"),
        (["13/01/2024", "01/14/2024"], ":3: column `timestamp`: the day is at another", "same way"),
        (["13/01/24"], ":2: column `timestamp`: the value is not a timestamp that", "Format"),
        (["202405131200"], ":2: column `timestamp`: the value is not a timestamp that", "Format"),
        (["2024051312"], ":2: column `timestamp`: the value is not a timestamp that", "Format"),
        (["13/05/2024", "x"], ":3: column `timestamp`: the value is not a timestamp", "Format"),
        (["13/05/2024 25:00"], ":2: column `timestamp`: the value is not a timestamp", "Format"),
        (["13/05/2024 13:00 PM"], ":2: column `timestamp`: the value is not a timest", "Format"),
        (["32/05/2024"], ":2: column `timestamp`: the value is not a timestamp", "Format"),
    ],
)
def test_timestamps_in_doubt(cells, message, hint):
    with pytest.raises(EdgeOpsError) as caught:
        read("\n".join(["timestamp,a", *(f"{cell},1" for cell in cells)]))
    assert f"counts.csv{message}" in caught.value.message
    assert hint in caught.value.hint


def test_a_format_that_does_not_fit_is_named():
    with pytest.raises(EdgeOpsError, match=r"counts.csv:2: column `timestamp`") as caught:
        read("timestamp,a\n2024-05-01,1\n", timestamp_format="%d/%m/%Y")
    assert "%d/%m/%Y" in caught.value.hint


def hours_of(name: str, hours: list[int]) -> list[str]:
    return [f"{name},2024-05-01T{hour:02}:00,{hour}" for hour in hours]


@pytest.mark.parametrize(
    "rows",
    [
        [*hours_of("a", [0, 1, 2]), *hours_of("b", [1, 2, 3])],
        [*hours_of("b", [1, 2, 3]), *hours_of("a", [0, 1, 2])],
        [
            row
            for pair in zip(hours_of("a", [0, 1, 2]), hours_of("b", [1, 2, 3]), strict=True)
            for row in pair
        ],
        [*hours_of("a", [2]), *hours_of("b", [3, 1]), *hours_of("a", [0, 1]), *hours_of("b", [2])],
    ],
)
def test_a_long_table_in_any_order(rows):
    data = read("\n".join(["unique_id,ds,y", *rows]))
    series = data.series.select(("a", "b"))
    np.testing.assert_array_equal(series.values, [[0, np.nan], [1, 1], [2, 2], [np.nan, 3]])
    assert "each row is a value of a series: `unique_id`, `ds`, `y`" in data.notes


def test_a_long_table_with_names_of_its_own():
    rows = [row.replace(",", ";") for row in (*hours_of("a", [0, 1]), *hours_of("b", [0, 1]))]
    options = {"timestamp": "when", "long": LongSection("gate", "count")}
    text = "\n".join(["gate;when;count", *rows])
    assert read(text, **options).series.columns == ("a", "b")
    assert read(text, columns=("b",), **options).series.columns == ("b",)
    assert read(text, ignore=("b",), **options).series.columns == ("a",)
    with pytest.raises(EdgeOpsError, match="there is no series `c`"):
        read(text, columns=("c",), **options)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            [*hours_of("a", [3, 0]), *hours_of("b", [0]), *hours_of("a", [3])],
            ":5: 2024-05-01 03:00:00 occurs twice, first on line 2",
        ),
        ([*hours_of("a", [0]), ",2024-05-01T01:00,1"], ":3: the row does not say which series"),
        ([], ":1: there are no rows"),
    ],
)
def test_a_long_table_that_cannot_be(rows, message):
    with pytest.raises(EdgeOpsError) as caught:
        read("\n".join(["unique_id,ds,y", *rows]))
    assert f"counts.csv{message}" in caught.value.message


def parquet(**columns) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


def test_a_long_table_in_parquet():
    stamps = [datetime(2024, 5, 1, hour, tzinfo=UTC) for hour in (0, 1, 0)]
    data = read(parquet(unique_id=["a", "a", "b"], ds=stamps, y=[1, 2, 3]), name="counts.parquet")
    np.testing.assert_array_equal(data.series.values, [[1, 3], [2, np.nan]])
    seconds = [int(stamp.timestamp()) for stamp in stamps[:2]]
    data = read(parquet(timestamp=seconds, a=[1, 2]), name="counts.parquet")
    assert str(data.series.start) == "2024-05-01T00"
    assert "the timestamps are read as seconds since 1970" in data.notes


@pytest.mark.parametrize(
    ("header", "cell", "message"),
    [
        ("{},timestamp,a", "{0},", "column 1 has no name; it counts the rows, as pandas writes"),
        ("{},timestamp,a", "x,", "column 1 has no name"),
        ("Unnamed: 0{},timestamp,a", "{0},", "column 1 counts the rows and is not a series"),
        ("id{},timestamp,a", "{1},", "column 1 counts the rows and is not a series"),
        ("id{},timestamp,a", "{0}.0,", "column 1 counts the rows and is not a series"),
    ],
)
def test_a_column_that_is_not_a_series(header, cell, message):
    rows = [
        cell.format(at, at + 1) + f"{(START + timedelta(hours=at)).isoformat()},{at % 7}"
        for at in range(48)
    ]
    text = "\n".join([header.format(""), *rows])
    with pytest.raises(EdgeOpsError) as caught:
        read(text)
    assert f"counts.csv:1: {message}" in caught.value.message
    assert read(text, columns=("a",)).series.columns == ("a",)
    assert read(text, ignore=(header.partition("{")[0],)).series.columns == ("a",)
