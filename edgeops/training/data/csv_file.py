"""Reads CSV files row by row; the separator is known by the columns that a file must have."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence

from edgeops.errors import EdgeOpsError
from edgeops.training.data.csv_text import CsvText
from edgeops.training.data.data_file import LIMITS, DataFile, Limits, check_size, fault

_MAX_ROW = 4 * 1024 * 1024  # characters; a quoted cell can span many lines
_SEPARATORS = ",;\t|"
HEADER_HINT = (
    "the first line must have the names of the columns, separated by commas, semicolons, tabs or"
    " bars: remove what is above them"
)


class CsvFile:
    """A CSV file with one of the columns `keys`. All methods raise `EdgeOpsError` with file:line.

    Between two separators, a cell with the name of a column is there for at most one of them: so
    the header says what the separator is. Without such a cell, it is the most frequent one.
    """

    def __init__(self, text: CsvText, keys: Sequence[str]) -> None:
        self._text = text
        self.separator, self.header = _header(text, keys)

    def rows(self, names: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
        """The line of each row but the header, and its cells in the named columns."""
        places = {name: index for index, name in enumerate(self.header)}
        indexes = [places[name] for name in names]
        rows = rows_of(self._text, self.separator)
        next(rows, None)
        return ((line, [cells[index] for index in indexes]) for line, cells in rows)

    @property
    def point_is_decimal(self) -> bool:
        """Whether a point can only be that of a decimal number: the comma has another use."""
        return self.separator == ","

    @property
    def notes(self) -> tuple[str, ...]:
        """What was recognised and is not plain CSV in UTF-8."""
        names = {";": "semicolons", "\t": "tabs", "|": "bars"}
        named = names.get(self.separator)
        return (
            *((f"the columns are separated by {named}",) if named else ()),
            *(("the text is in UTF-16",) if self._text.is_utf_16 else ()),
        )


def csv_rows(file: DataFile, limits: Limits = LIMITS) -> Iterator[tuple[int, list[str]]]:
    """The rows of a file in UTF-8 that is separated by commas, as `rows_of`."""
    return rows_of(CsvText(file, limits=limits))


def rows_of(text: CsvText, separator: str = ",") -> Iterator[tuple[int, list[str]]]:
    """The line number and cells of each row of a CSV file, header first, without empty rows.

    Raises `EdgeOpsError` with file:line, also for a row that is not as long as the header.
    """
    file, lines_of_text = text.file, text.open()
    width = count = size = 0

    def lines() -> Iterator[str]:
        nonlocal size
        while line := lines_of_text.readline(_MAX_ROW + 1):
            size += len(line)
            if size > _MAX_ROW:
                raise fault(file, reader.line_num + 1, f"has more than {_MAX_ROW:,} characters")
            yield line

    reader = csv.reader(lines(), delimiter=separator)
    try:
        for cells in reader:
            size = 0
            if not any(map(str.strip, cells)) or _is_dialect(reader.line_num, cells, separator):
                continue
            width = width or len(cells)
            if len(cells) != width:
                message = f"has {len(cells)} cells, but the header has {width}"
                hint = "check for a missing comma or quote" if width > 1 else HEADER_HINT
                if separator == "," and len(cells) > width > 1:
                    hint += "; with decimal commas, separate the cells by semicolons"
                raise fault(file, reader.line_num, message, hint)
            count += 1
            check_size(file, count, width, limits=text.limits)
            yield reader.line_num, cells
    except csv.Error as error:
        raise fault(file, reader.line_num, f"is not valid CSV: {error}") from error
    except UnicodeError:  # also of UTF-16 that ends in the middle
        raise text.undecodable() from None


def _is_dialect(line: int, cells: list[str], separator: str) -> bool:
    """Whether a row is the first line `sep=;`, by which Excel is told the separator."""
    return line == 1 and separator.join(cells) in [f"sep={one}" for one in _SEPARATORS]


def _header(text: CsvText, keys: Sequence[str]) -> tuple[str, list[str]]:
    """The separator, and the names of the columns."""
    headers = {}
    for separator in _SEPARATORS:
        try:
            header = [name.strip() for name in next(rows_of(text, separator), (1, []))[1]]
        except EdgeOpsError:
            if separator == _SEPARATORS[0]:
                raise
            continue
        if len(header) > 1 and any(key in header for key in keys):
            return separator, header
        headers[separator] = header
    if not any(headers.values()):
        raise fault(text.file, 1, "is empty")
    return max(headers.items(), key=lambda item: len(item[1]))
