"""Reads CSV files, optionally compressed with gzip, row by row."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator

from edgeops.training.data.data_file import LIMITS, DataFile, Limits, check_size, fault

_MAX_ROW = 4 * 1024 * 1024  # characters; a quoted cell can span many lines


def csv_rows(file: DataFile, limits: Limits = LIMITS) -> Iterator[tuple[int, list[str]]]:
    """The line number and cells of each row of a CSV file, header first, without empty lines.

    Raises `EdgeOpsError` with file:line, also for a row that is not as long as the header.
    """
    data = _unpacked(file, limits)
    text = io.TextIOWrapper(io.BytesIO(data), "utf-8-sig", newline="")
    width = count = size = 0

    def lines() -> Iterator[str]:
        nonlocal size
        while line := text.readline(_MAX_ROW + 1):
            size += len(line)
            if size > _MAX_ROW:
                raise fault(file, reader.line_num + 1, f"has more than {_MAX_ROW:,} characters")
            yield line

    reader = csv.reader(lines())
    try:
        for cells in reader:
            size = 0
            if not cells:
                continue
            width = width or len(cells)
            if len(cells) != width:
                message = f"has {len(cells)} cells, but the header has {width}"
                hint = "check for a missing comma or quote"
                raise fault(file, reader.line_num, message, hint)
            count += 1
            check_size(file, count, width, limits=limits)
            yield reader.line_num, cells
    except csv.Error as error:
        raise fault(file, reader.line_num, f"is not valid CSV: {error}") from error
    except UnicodeDecodeError as error:
        hint = "save the file as CSV in UTF-8"
        raise fault(file, _line_of_bad_text(data), "is not UTF-8 text", hint) from error


def _unpacked(file: DataFile, limits: Limits) -> bytes:
    if file.suffix != ".gz":
        return file.data
    try:
        with gzip.open(io.BytesIO(file.data)) as packed:
            data = packed.read(limits.bytes + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise fault(file, 1, "is not a complete gzip file") from error
    if len(data) > limits.bytes:
        raise fault(file, 1, f"has more than {limits.bytes:,} bytes when decompressed")
    return data


def _line_of_bad_text(data: bytes) -> int:
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return data[: error.start].count(b"\n") + 1
    return 1
