"""Numbers as people write them: with a decimal point or a decimal comma, never guessed."""

from __future__ import annotations

import math
import re
from typing import Literal

from edgeops.features.gaps import is_gap
from edgeops.training.data.data_file import DataFile, fault

_HINT = "write `1234.5`, or `1234,5` with semicolons between the cells"
_NO_NUMBERS = (
    "leave the cell empty if it is a gap; leave a column of texts out with `ignore` in model.yaml,"
    " or name it with `long` if it says which series a row is of"
)
_TIME = re.compile(r"\d{4}-\d\d?-\d\d?(?:[T ]|\Z)")
_IS_TIME = (
    "if this column has the time of the rows, name it with `timestamp` in model.yaml; else leave it"
    " out with `ignore` in model.yaml"
)
# Three digits after the mark, and not 0 before it: one and a bit, or more than a thousand?
_DOUBTFUL = re.compile(r"[+-]?[1-9]\d{0,2}([.,])\d{3}\Z")
_GROUPED = re.compile(
    r"[+-]?\d{1,3}((\.\d{3})+,\d+|(,\d{3})+\.\d+|([.,])\d{3}(\4\d{3})+"
    r"|([ '\u2019\u00a0\u2009\u202f]\d{3})+([.,]\d+)?)\Z"
)

Mark = Literal[".", ","]


class NumberReader:
    """Reads the cells of a file as numbers, all with the same decimal mark.

    `decimal` is the mark, if model.yaml says it; `point` says that a point can
    only be a decimal one. All methods raise `EdgeOpsError` with file:line.
    """

    def __init__(self, file: DataFile, decimal: Mark | None, *, point: bool) -> None:
        self._file = file
        self._mark: str | None = decimal
        self._since = 0  # the line that has shown the mark; 0: model.yaml
        self._doubtful = 0  # the first line whose mark may be one of thousands
        self._sure = decimal is not None
        self._point = point

    def read(self, line: int, column: str, cell: object) -> float:
        """The number in a cell; NaN for an empty one. `column` is its name in messages."""
        if isinstance(cell, str):
            cell = cell.strip()
            if is_gap(cell):
                return math.nan
            if not self._point or self._mark == "," or "," in cell:
                cell = self._plain(line, column, cell)
        elif cell is None:
            return math.nan
        try:
            number = float(cell)  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            raise self._no_number(line, column, cell) from None
        if math.isinf(number):
            raise fault(self._file, line, f"{column}: the number is infinite")
        return number

    @property
    def has_comma(self) -> bool:
        """Whether the numbers that were read have a decimal comma."""
        return self._mark == ","

    def finish(self) -> None:
        """Raises `EdgeOpsError` if it is in doubt what the mark in the numbers means."""
        if self._doubtful and not self._sure:
            raise fault(
                self._file,
                self._doubtful,
                f"the numbers have a `{self._mark}` before three digits: it could be the decimal"
                " mark or a separator of thousands",
                f'set `decimal: "{self._mark}"` in model.yaml, or write the numbers without'
                " separators of thousands",
            )

    def _no_number(self, line: int, column: str, cell: object) -> Exception:
        what, hint = "not a number", _NO_NUMBERS
        if isinstance(cell, str) and _GROUPED.match(cell):
            hint = f"it has a separator of thousands: {_HINT}"
        elif isinstance(cell, str) and _TIME.match(cell):
            what, hint = "a time, not a number", _IS_TIME
        return fault(self._file, line, f"{column}: the value is {what}", hint)

    def _plain(self, line: int, column: str, cell: str) -> str:
        """A number with a decimal point; remembers what the mark of the file is."""
        if _GROUPED.match(cell):
            message = f"{column}: the number has separators of thousands"
            raise fault(self._file, line, message, _HINT)
        mark = "," if "," in cell else "." if "." in cell else None
        if mark is None:
            return cell
        if self._mark is None:
            self._mark, self._since = mark, line
        elif self._mark != mark:
            where = f"line {self._since} has" if self._since else "`decimal` is"
            message = f"{column}: the number has a `{mark}`, but {where} `{self._mark}`"
            raise fault(self._file, line, message, f"use one decimal mark: {_HINT}")
        if not self._sure:
            if not _DOUBTFUL.match(cell):
                self._sure = True
            elif not self._doubtful:
                self._doubtful = line
        return cell.replace(",", ".") if mark == "," else cell
