"""Reads Parquet files: only the chosen columns, in batches of rows.

A file of a few bytes can claim, and even have, billions of rows or repetitions of a text. So the
metadata is checked first, and texts are read as dictionaries of their distinct values.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from edgeops.training.data.data_file import LIMITS, DataFile, Limits, check_size, fault
from edgeops.training.data.dataset import missing_package

_MAX_TEXT = 1000  # bytes of a cell
_MOST_NAMES = 100_000  # in a list of the metadata
_BATCH = 500_000  # values
_PACKED = 4  # the allowed size of the content, as a multiple of the limit of a file


class ParquetFile:
    """A Parquet file; `header` has the names of its columns. All methods raise `EdgeOpsError`."""

    point_is_decimal = True
    notes: tuple[str, ...] = ()

    def __init__(self, file: DataFile, limits: Limits = LIMITS) -> None:
        self._file = file
        self._limits = limits
        schema = self._open().schema_arrow
        try:
            self.header: list[str] = list(schema.names)
        except UnicodeDecodeError as error:
            raise fault(file, 1, "the name of a column is not UTF-8") from error
        self._types = dict(zip(self.header, schema.types, strict=True))

    def rows(self, names: Sequence[str]) -> Iterator[tuple[int, list[Any]]]:
        """The number of each row, from 1, and its cells in the named columns."""
        texts = {name for name in names if self._is_text(name)}
        opened = self._open(read_dictionary=sorted(texts))
        self._check_claims(opened.metadata, len(names))
        line = 0
        for batch in self._batches(opened, names):
            columns = []
            for name in names:
                column = batch.column(name)
                if name in texts:
                    self._check_texts(name, column, line + 1)
                columns.append(self._cells(name, column, line + 1))
            for cells in zip(*columns, strict=True):
                line += 1
                yield line, list(cells)

    def _open(self, **options: Any) -> Any:
        try:
            import pyarrow
            from pyarrow import parquet
        except ModuleNotFoundError as error:
            raise missing_package("pyarrow", "train") from error
        try:
            source = pyarrow.BufferReader(self._file.data)
            return parquet.ParquetFile(source, thrift_container_size_limit=_MOST_NAMES, **options)
        except (pyarrow.ArrowException, OSError, ValueError) as error:
            raise fault(self._file, 1, "is not a Parquet file") from error

    def _is_text(self, name: str) -> bool:
        """Whether cells of a column are texts; raises if they are not texts, numbers or times."""
        from pyarrow import types

        kind = self._types[name]
        if types.is_dictionary(kind):
            kind = kind.value_type
        texts = (types.is_string, types.is_large_string, types.is_binary, types.is_large_binary)
        if any(is_kind(kind) for is_kind in texts):
            return True
        if types.is_primitive(kind) or types.is_decimal(kind) or types.is_null(kind):
            return False
        raise fault(self._file, 1, f"{self._shown(name)} does not have numbers, times or texts")

    def _check_claims(self, claims: Any, columns: int) -> None:
        # Only of row groups: pyarrow crashes when asked for columns that do not match the schema.
        groups = [claims.row_group(index) for index in range(claims.num_row_groups)]
        rows = sum(group.num_rows for group in groups)
        check_size(self._file, rows, columns, limits=self._limits)
        size = sum(group.total_byte_size for group in groups)
        most = _PACKED * self._limits.bytes
        if size > most:
            message = f"has {size:,} bytes when decompressed; the limit is {most:,}"
            raise fault(self._file, 1, message)

    def _batches(self, opened: Any, names: Sequence[str]) -> Iterator[Any]:
        from pyarrow import ArrowException

        count = max(1, _BATCH // len(names))
        try:
            yield from opened.iter_batches(count, columns=list(names), use_threads=False)
        except (ArrowException, OSError, ValueError) as error:
            raise fault(self._file, 1, "is damaged, or not a Parquet file") from error

    def _check_texts(self, name: str, column: Any, line: int) -> None:
        from pyarrow import compute, types

        texts = column.dictionary if types.is_dictionary(column.type) else column
        longest = compute.max(compute.binary_length(texts)).as_py() or 0
        if longest > _MAX_TEXT:
            message = f"{self._shown(name)}: a text from here on has more than {_MAX_TEXT:,} bytes"
            raise fault(self._file, line, message)

    def _cells(self, name: str, column: Any, line: int) -> list[Any]:
        try:
            cells: list[Any] = column.to_pylist()
        except (
            ValueError,
            OverflowError,
            LookupError,
        ):  # damage, or a time or zone that Python does not support
            message = "a value from here on is not a number, a time or UTF-8 text"
            raise fault(self._file, line, f"{self._shown(name)}: {message}") from None
        return cells

    def _shown(self, name: str) -> str:
        return f"column {self.header.index(name) + 1}"
