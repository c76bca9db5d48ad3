"""Long tables, with a row for each value of each series: rows -> the rows of each series."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from edgeops.training.data.data_file import DataFile, fault
from edgeops.training.data.hourly import Row
from edgeops.training.data.timestamp import Timestamps

_REPEATED = 3600  # seconds: a clock goes back by less from one row to the next


def rows_by_series(
    file: DataFile, rows: Iterable[tuple[int, Sequence[Any]]]
) -> dict[str, list[Row]]:
    """The rows of each series, in the order of the file; a row is timestamp, series and value.

    Raises `EdgeOpsError` for a row without the name of a series.
    """
    result: dict[str, list[Row]] = {}
    for line, (timestamp, series, value) in rows:
        name = "" if series is None else str(series).strip()
        if not name:
            raise fault(file, line, "the row does not say which series it is of")
        result.setdefault(name, []).append(Row(line, timestamp, (value,)))
    return result


def in_order(rows: list[Row], timestamps: Timestamps) -> Iterator[Row]:
    """The rows of one series by time, where that is clear.

    Rows that are in order but for an hour that a clock repeats stay as they are, and so do rows
    with a timestamp that cannot be read, which is told later.
    """
    try:
        stamps = [timestamps.read(row.timestamp) for row in rows]
        seconds = [_seconds(stamp) for stamp in stamps]
    except (ValueError, OverflowError):
        yield from rows
        return
    if any(later - one <= -_REPEATED for one, later in pairwise(seconds)):
        order = sorted(range(len(rows)), key=seconds.__getitem__)
    else:
        order = list(range(len(rows)))
    for at in order:
        yield Row(rows[at].line, stamps[at], rows[at].cells)


def _seconds(stamp: datetime) -> float:
    return (stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)).timestamp()
