"""What every adapter gives."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeops.errors import EdgeOpsError
from edgeops.features.series import HourlySeries


@dataclass(frozen=True, slots=True)
class Repair:
    """Something that was mended on reading: what, and at which wall-clock hours."""

    what: str
    first: np.datetime64
    hours: int


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Hourly data as it was read, with the repairs that need no later knowledge.

    `sha256` is of the file; `attribution` is what its licence asks for.
    """

    name: str
    series: HourlySeries
    sha256: str
    attribution: str = ""
    repairs: tuple[Repair, ...] = ()


def fault(path: Path, line: int, message: str, hint: str = "") -> EdgeOpsError:
    """The error of a line (or row) of a data file."""
    return EdgeOpsError(f"{path}:{line}: {message}", hint)


def read_bytes(path: Path) -> bytes:
    """What a data file holds. Raises `EdgeOpsError`."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise EdgeOpsError(
            f"cannot read the data {path}: {error.strerror}",
            "paths in model.yaml start at the folder of the repository",
        ) from error


def text_of(path: Path, data: bytes) -> str:
    """The bytes of a data file as text; `.gz` is unpacked. Raises `EdgeOpsError`."""
    if path.suffix == ".gz":
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise fault(path, 1, "is not a whole gzip file") from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise fault(path, line, "is not UTF-8 text", "save the file as CSV in UTF-8") from error


def csv_rows(path: Path, data: bytes) -> Iterator[tuple[int, list[str]]]:
    """The rows of a CSV file with their lines, the header first; empty lines are left out.

    Raises `EdgeOpsError` with file:line, also for a row that is not as long as the header.
    """
    reader = csv.reader(io.StringIO(text_of(path, data), newline=""))
    width = 0
    try:
        for cells in reader:
            if not cells:
                continue
            width = width or len(cells)
            if len(cells) != width:
                message = f"has {len(cells)} cells, the header {width}"
                raise fault(path, reader.line_num, message, "is a comma or a quote missing?")
            yield reader.line_num, cells
    except csv.Error as error:
        raise fault(path, reader.line_num, f"is not CSV: {error}") from error


def missing_package(package: str, extra: str) -> EdgeOpsError:
    """The error of a package that an extra of edgeops brings."""
    return EdgeOpsError(
        f"the package {package} is not installed", f"pip install 'edgeops[{extra}]'"
    )
