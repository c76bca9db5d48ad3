"""The text of a CSV file: unpacked, and decoded as the file or model.yaml says."""

from __future__ import annotations

import gzip
import io
import zlib
from dataclasses import dataclass
from functools import cached_property

from edgeops.errors import EdgeOpsError
from edgeops.training.data.data_file import LIMITS, DataFile, Limits, fault

_GZIP = b"\x1f\x8b"
_NO_TEXTS = {  # how other files begin
    b"PK": ("an Excel workbook or an archive", "save it as CSV in UTF-8"),
    b"PAR1": ("Parquet", "give its name the suffix .parquet"),
}
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")  # the mark at the beginning, as Excel's "Unicode text" has it


@dataclass(frozen=True)
class CsvText:
    """A CSV file, optionally compressed with gzip. All members raise `EdgeOpsError`.

    UTF-16 is known by its mark; any other text is in `encoding`.
    """

    file: DataFile
    encoding: str = "utf-8"
    limits: Limits = LIMITS

    @cached_property
    def bytes(self) -> bytes:
        """The content, unpacked."""
        if self.file.suffix != ".gz" and not self.file.data.startswith(_GZIP):
            return self.file.data
        try:
            with gzip.open(io.BytesIO(self.file.data)) as packed:
                data = packed.read(self.limits.bytes + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise fault(self.file, 1, "is not a complete gzip file") from error
        if len(data) > self.limits.bytes:
            message = f"has more than {self.limits.bytes:,} bytes when decompressed"
            raise fault(self.file, 1, message)
        return data

    @property
    def is_utf_16(self) -> bool:
        """Whether the text begins with the mark of UTF-16."""
        return self.bytes.startswith(_UTF_16)

    def open(self) -> io.TextIOWrapper:
        """The text, from its beginning; its lines end as they do in the file."""
        return io.TextIOWrapper(io.BytesIO(self.bytes), self._codec, newline="")

    def undecodable(self) -> EdgeOpsError:
        """The error of a text that is not in its encoding, with the line."""
        for begin, (what, hint) in _NO_TEXTS.items():
            if self.bytes.startswith(begin):
                return fault(self.file, 1, f"is {what}, not CSV", hint)
        line, encoding = self._line_of_bad_text(), "UTF-16" if self.is_utf_16 else "UTF-8"
        hint = "save the file as CSV in UTF-8"
        if self._codec == "utf-8-sig":
            hint += ", or say how it is written: Excel's `CSV` is `encoding: windows-1252`"
        elif not self.is_utf_16:
            encoding = self.encoding
        return fault(self.file, line, f"is not {encoding} text", hint)

    @property
    def _codec(self) -> str:
        if self.is_utf_16:
            return "utf-16"
        return "utf-8-sig" if self.encoding == "utf-8" else self.encoding

    def _line_of_bad_text(self) -> int:
        try:
            self.bytes.decode(self._codec)
        except UnicodeDecodeError as error:
            return self.bytes[: error.start].count(b"\n") + 1
        return 1
