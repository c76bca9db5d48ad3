"""A data file as it was read, the limits of what is read, and how to say what is wrong in it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from edgeops.errors import EdgeOpsError

_YEARS = (1900, 2200)


@dataclass(frozen=True, slots=True)
class Limits:
    """What is read into memory: bytes of one file, also unpacked; columns; rows x columns."""

    bytes: int = 256 * 1024 * 1024
    columns: int = 10_000
    values: int = 50_000_000


LIMITS = Limits()


@dataclass(frozen=True)
class DataFile:
    """What a file holds; `name` is what messages call it."""

    name: str
    data: bytes

    @cached_property
    def sha256(self) -> str:
        """The digest of the bytes."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def suffix(self) -> str:
        """The end of the name in lower case, as `.csv`."""
        return Path(self.name).suffix.lower()


def fault(file: DataFile, line: int, message: str, hint: str = "") -> EdgeOpsError:
    """The error of a line (or row) of a data file.

    Messages never hold what a cell does, nor names of columns that model.yaml does not have:
    the file may be another one than was meant. Nor may tracebacks: raise it from None where the
    cause quotes a cell.
    """
    return EdgeOpsError(f"{file.name}:{line}: {message}", hint)


def check_year(file: DataFile, line: int, year: int, *, what: str = "", hint: str = "") -> None:
    """Raises `EdgeOpsError` for a time that nobody has counts of; later code takes any other."""
    first, last = _YEARS
    if not first <= year <= last:
        raise fault(file, line, f"{what}the year {year} is not between {first} and {last}", hint)


def check_size(
    file: DataFile, rows: int, columns: int, *, what: str = "rows", limits: Limits = LIMITS
) -> None:
    """Raises `EdgeOpsError` for a table that is larger than what is read into memory."""
    if columns > limits.columns:
        raise fault(file, 1, f"has {columns:,} columns, allowed are {limits.columns:,}")
    if rows * columns > limits.values:
        message = f"has {rows:,} {what} of {columns:,} columns"
        hint = f"allowed are {limits.values:,} values: give a part of them, or name fewer columns"
        raise fault(file, 1, message, hint)
