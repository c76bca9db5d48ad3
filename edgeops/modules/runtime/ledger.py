"""Records in memory and on disk, kept alike.

On disk it is a file that only grows, and survives power loss at any byte:
every record begins with a newline, so that a record which was cut off never
spoils the one after it; what cannot be read is skipped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from edgeops.files import DISK, Disk
from edgeops.modules.runtime.disk import NOTHING, FileState, append, replace, state_of

Record = TypeVar("Record")
_BLOCK = 64 * 1024


class RecordFile(Generic[Record]):
    """Records, each a line of JSON, in one file.

    `to_json` gives the JSON value of a record, `from_json` the record in any JSON value, None
    where there is none. A line longer than `most_line` bytes is junk. All methods raise
    `OSError` when the storage cannot be used.
    """

    def __init__(
        self,
        path: Path,
        to_json: Callable[[Record], Any],
        from_json: Callable[[Any], Record | None],
        most_line: int,
        disk: Disk = DISK,
    ) -> None:
        self.path = path
        self._to_json = to_json
        self._from_json = from_json
        self._most_line = most_line
        self._disk = disk
        self._left: FileState | None = None  # as we left it; None until it has been read

    def as_left(self) -> bool:
        """Whether the file holds what was read and written here, and nothing else.

        It does not when it has gone away, when others have put another one in
        its place, and when what a full disk took of a record could not be cut off.
        """
        return state_of(self.path) == self._left

    def others_wrote(self) -> bool:
        """Whether it is the file that was left, with more in it since."""
        return self._left is not None and state_of(self.path).is_longer_than(self._left)

    def read(self) -> Iterator[Record]:
        """Every record that can be read, in the order it was written; none without a file."""
        self._left = None
        left = state_of(self.path)
        if left == NOTHING:
            self._left = left
            return
        size = 0
        with self.path.open("rb") as file:
            while line := file.readline(self._most_line):
                size += len(line)
                record = self._parsed(line)
                if record is not None:
                    yield record
        self._left = FileState(left.device, left.inode, size)

    def append(self, records: Iterable[Record]) -> None:
        """Write records behind the others; they are on disk when this returns.

        When this raises, none of them is.
        """
        before, after = append(self.path, self._blocks(records), self._disk)
        self._left = after if before == self._left else None

    def replace(self, records: Iterable[Record]) -> None:
        """Write these records instead of all others; the file is the old or the new one."""
        self._left = replace(self.path, self._blocks(records), self._disk)

    def _blocks(self, records: Iterable[Record]) -> Iterator[bytes]:
        block = bytearray()
        for record in records:
            block += b"\n" + json.dumps(self._to_json(record), separators=(",", ":")).encode()
            if len(block) >= _BLOCK:
                yield bytes(block)
                block.clear()
        if block:
            yield bytes(block)

    def _parsed(self, line: bytes) -> Record | None:
        try:
            return self._from_json(json.loads(line))
        except (ValueError, RecursionError):
            return None


class Memory(Protocol[Record]):
    """Records in memory, of which later ones can supersede earlier ones; bounded."""

    def __len__(self) -> int:
        """0 while there are none."""

    def add(self, records: Iterable[Record], /) -> list[Record]:
        """Add records; gives those that changed anything."""

    def records(self) -> Iterator[Record]:
        """All that counts, in an order in which `add` gives the same again."""


M = TypeVar("M", bound=Memory[Any])


class Ledger(Generic[M, Record]):
    """Keeps a `memory` and its file alike; storage that cannot be used costs no record.

    Who adds to the `memory` adds what that changed to `unsaved`, which is bounded as
    the memory is; the first `save` that can writes it, and `fault` says why none could.
    `on_read` is called when the file has been read, at the start or because it is another one.
    `spare` superseded records may be in the file before it is rewritten; `what` names them.
    """

    def __init__(
        self,
        file: RecordFile[Record],
        make: Callable[[], M],
        what: str,
        spare: int,
        on_read: Callable[[], None] = lambda: None,
    ) -> None:
        self.memory = make()
        self.unsaved = make()
        self.fault: str | None = None
        self._file = file
        self._make = make
        self._what = what
        self._spare = spare
        self._on_read = on_read
        self._records = 0
        self._limit = spare

    def save(self) -> None:
        """Write what is not on disk yet; never raises, and is cheap when nothing is missing."""
        faults = (
            self._fault("read", self._reread),
            self._fault("write", self._append),
            self._fault("shorten", self._compact),
        )
        self.fault = next(filter(None, faults), None)

    def _reread(self) -> None:
        """Read a file that is not as it was left; what it lacks of the memory is unsaved."""
        if self._file.as_left():
            return
        theirs_are_newer = self._file.others_wrote()  # another module in the same storage
        on_disk, records = self._make(), 0
        try:
            for record in self._file.read():
                on_disk.add([record])
                records += 1
        finally:  # what could be read is of use already
            parts = [on_disk, self.memory]
            self.memory = self._merged(
                *(reversed(parts) if theirs_are_newer else parts), self.unsaved
            )
        self.unsaved.add(on_disk.add(self.memory.records()))
        self._records = records
        self._on_read()

    def _append(self) -> None:
        if len(self.unsaved):
            self._file.append(self.unsaved.records())
            self._records += sum(1 for _ in self.unsaved.records())
            self.unsaved = self._make()

    def _compact(self) -> None:
        """Rewrite the file when most of it is superseded or too old."""
        if self._records > self._limit and not len(self.unsaved) and self._file.as_left():
            kept = list(self.memory.records())
            self._file.replace(kept)
            self._records = len(kept)
            self._limit = 2 * len(kept) + self._spare

    def _merged(self, *parts: M) -> M:
        """All of these; of two that supersede each other, the one of the last part."""
        merged = self._make()
        for part in parts:
            merged.add(part.records())
        return merged

    def _fault(self, doing: str, step: Callable[[], None]) -> str | None:
        """Why a step on the storage could not be done."""
        try:
            step()
        except OSError as error:
            return f"cannot {doing} {self._what}: {error.strerror or type(error).__name__}"
        return None
