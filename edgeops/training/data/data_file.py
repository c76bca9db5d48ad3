"""A data file, the limits of its size, and the errors of its lines."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from edgeops.errors import EdgeOpsError

_YEARS = (1900, 2200)


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one file: its bytes, also decompressed; its columns; its rows x columns."""

    bytes: int = 256 * 1024 * 1024
    columns: int = 10_000
    values: int = 50_000_000


LIMITS = Limits()


@dataclass(frozen=True)
class DataFile:
    """The content of a file; `name` is its name in messages."""

    name: str
    data: bytes

    @cached_property
    def sha256(self) -> str:
        """The digest of the bytes."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def suffix(self) -> str:
        """The suffix of the name in lower case, such as `.csv`."""
        return Path(self.name).suffix.lower()


def fault(file: DataFile, line: int, message: str, hint: str = "") -> EdgeOpsError:
    """The error of a line (or row) of a data file.

    Messages must not quote a cell, or a column name that is not in model.yaml: the file may be a
    confidential one, named by mistake. The same holds for tracebacks: raise from None if the cause
    quotes a cell.
    """
    return EdgeOpsError(f"{file.name}:{line}: {message}", hint)


def check_year(file: DataFile, line: int, year: int, *, prefix: str = "", hint: str = "") -> None:
    """Raises `EdgeOpsError` for an implausible year, which later code could not handle."""
    first, last = _YEARS
    if not first <= year <= last:
        raise fault(file, line, f"{prefix}the year {year} is not between {first} and {last}", hint)


def check_size(
    file: DataFile, rows: int, columns: int, *, unit: str = "rows", limits: Limits = LIMITS
) -> None:
    """Raises `EdgeOpsError` for a table that is too large to be read into memory."""
    if columns > limits.columns:
        raise fault(file, 1, f"has {columns:,} columns; the limit is {limits.columns:,}")
    if rows * columns > limits.values:
        message = f"has {rows:,} {unit} of {columns:,} columns"
        hint = f"the limit is {limits.values:,} values: use fewer rows, or name fewer columns"
        raise fault(file, 1, message, hint)
