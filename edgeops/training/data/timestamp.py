"""How the timestamps of a column are written: ISO 8601, or what model.yaml or the column says.

A way that is not ISO 8601 is taken only where the column leaves no other, and is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from datetime import date as calendar_date

from edgeops.training.data.data_file import DataFile, fault

_DIGITS = re.compile(r"(\d{9,20})(\.\d+)?\Z")
_UNITS = {9: 1, 10: 1, 13: 10**3, 16: 10**6, 19: 10**9}  # of a second, by the number of digits
_UNIT_NAMES = {1: "seconds", 10**3: "milliseconds", 10**6: "microseconds", 10**9: "nanoseconds"}
_EPOCHS = {"epoch-s": 1, "epoch-ms": 10**3}
_DATE = re.compile(
    r"(\d{1,4})([/.-])(\d{1,2})\2(\d{1,4})"
    r"(?:(?:\s+|T|,\s*)(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?(?:\s*([AaPp])\.?[Mm]\.?)?)?\Z"
)
_END_OF_DAY = re.compile(r"(.*[ T])24(:00(?::00)?(?:\D.*)?)\Z")
_HINT = (
    "write ISO 8601, such as 2024-09-29T03:00 or 2024-09-29T03:00+13:00, or say how it is written:"
    ' set `timestampFormat: "%d/%m/%Y %H:%M"` in model.yaml, or so; remove lines that are no rows,'
    " such as titles, units and totals"
)

Cells = Callable[[], Iterable[tuple[int, object]]]


@dataclass(frozen=True, slots=True)
class Timestamps:
    """Reads the cells of a column; `note` says what was recognised."""

    parse: Callable[[str], datetime]
    note: str = ""
    hint: str = _HINT

    def read(self, cell: object) -> datetime:
        """The timestamp in a cell; 24:00 is 0:00 of the next day. Raises `ValueError`."""
        if isinstance(cell, datetime):
            return cell
        text = str(cell).strip()
        end = _END_OF_DAY.match(text) if "24:00" in text else None
        return self.parse(f"{end[1]}00{end[2]}") + timedelta(days=1) if end else self.parse(text)


def timestamps(file: DataFile, column: str, cells: Cells, pattern: str | None) -> Timestamps:
    """How to read a column whose cells, with their lines, `cells` gives again and again.

    `column` is its name in messages; `pattern` is `timestampFormat` of model.yaml.
    Raises `EdgeOpsError` with file:line where there is more than one way.
    """
    if pattern is not None:
        return _as_told(pattern)
    line, first = next(iter(cells()), (1, ""))
    if isinstance(first, datetime):
        return Timestamps(datetime.fromisoformat)
    text = str(first).strip()
    if _DIGITS.match(text):
        return _epoch(file, line, column, text)
    date = _DATE.match(text)
    if date is None or _is_iso(text):
        return Timestamps(datetime.fromisoformat)
    if len(date[1]) == 4:
        return Timestamps(_date(1, 3, 4), "the dates are read as year, month, day")
    if len(date[4]) != 4 or len(date[1]) > 2:
        raise _unclear(file, line, column, "which of its numbers is the year is not clear")
    return _by_days(file, column, cells)


def is_time(cell: object, pattern: str | None) -> bool:
    """Whether a cell is surely a time: it is one, or its text is written as one."""
    text = str(cell).strip()
    if pattern is None:
        return isinstance(cell, datetime) or bool(_DATE.match(text)) or _is_iso(text)
    try:
        return bool(_as_told(pattern).read(cell))
    except ValueError:
        return False


def _as_told(pattern: str) -> Timestamps:
    hint = f"change the format {pattern}: set `timestampFormat` in model.yaml"
    if pattern in _EPOCHS:
        unit = _EPOCHS[pattern]
        return Timestamps(lambda cell: _since_1970(cell, unit), hint=hint)
    return Timestamps(lambda cell: datetime.strptime(cell, pattern), hint=hint)  # noqa: DTZ007


def _by_days(file: DataFile, column: str, cells: Cells) -> Timestamps:
    """Dates with the year at the end: a number above 12 is the day."""
    first_line = 0
    shown: dict[int, int] = {}  # the place of the day in a date -> the first line that shows it
    for line, cell in cells():
        first_line = first_line or line
        date = _DATE.match(str(cell).strip())
        if date is None:
            continue  # told when it is read
        for place in (1, 3):
            if int(date[place]) > 12:
                shown.setdefault(place, line)
    if len(shown) == 2:
        early, late = sorted(shown.values())
        message = f"the day is at another place than on line {early}"
        raise fault(file, late, f"{column}: {message}", "write all dates in the same way")
    if not shown:
        raise _unclear(file, first_line, column, "the first number can be the day or the month")
    if 1 in shown:
        return Timestamps(_date(4, 3, 1), "the dates are read as day, month, year")
    return Timestamps(_date(4, 1, 3), "the dates are read as month, day, year")


def _unclear(file: DataFile, line: int, column: str, why: str) -> Exception:
    message = f"{column}: the value is not a timestamp that can be read in one way only: {why}"
    return fault(file, line, message, _HINT)


def _epoch(file: DataFile, line: int, column: str, text: str) -> Timestamps:
    digits = text.partition(".")[0]
    unit = _UNITS.get(len(digits))
    if unit is None or (len(digits) == 10 and _is_compact(digits)):
        why = "it can be a date without separators, or a time since 1970"
        raise _unclear(file, line, column, why)
    note = f"the timestamps are read as {_UNIT_NAMES[unit]} since 1970"
    return Timestamps(lambda cell: _since_1970(cell, unit), note)


def _since_1970(cell: str, unit: int) -> datetime:
    try:
        whole, _, part = cell.partition(".")
        seconds, rest = divmod(int(whole), unit)
        fraction = rest / unit + (float(f"0.{part}") / unit if part else 0)
        return datetime.fromtimestamp(seconds + fraction, UTC)
    except (OverflowError, OSError) as error:
        raise ValueError("out of range") from error


def _date(year: int, month: int, day: int) -> Callable[[str], datetime]:
    """Reads dates with the year, month and day in these groups of `_DATE`."""

    def read(cell: str) -> datetime:
        date = _DATE.match(cell)
        if date is None or len(date[year]) != 4:
            raise ValueError("not such a date")
        hour, minute, second = (int(date[group] or 0) for group in (5, 6, 7))
        if date[8]:
            if not 1 <= hour <= 12:
                raise ValueError("not an hour")
            hour = hour % 12 + 12 * (date[8] in "pP")
        days = (int(date[group]) for group in (year, month, day))
        return datetime.combine(calendar_date(*days), time(hour, minute, second))

    return read


def _is_iso(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_compact(digits: str) -> bool:
    try:
        datetime.strptime(digits, "%Y%m%d%H")  # noqa: DTZ007 - only whether it is one
    except ValueError:
        return False
    return True
