"""Places that are looked up when somebody asks: few documents are ever pointed at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

Places = Mapping[str, tuple[int, int]]


@dataclass(slots=True)
class FilePlaces:
    """The places in each document of a file; `find` parses the file again, at most once."""

    find: Callable[[], Sequence[Places]]
    _found: Sequence[Places] | None = None

    def of(self, index: int) -> Places:
        """The places of the values of one document."""
        if self._found is None:
            self._found = self.find()
        return self._found[index]


class LazyMarks(Mapping[str, tuple[int, int]]):
    """`Document.marks` of a document that was read without places; `index` is that in its file."""

    __slots__ = ("_file", "index")

    def __init__(self, file: FilePlaces, index: int) -> None:
        self._file = file
        self.index = index

    def __getitem__(self, path: str) -> tuple[int, int]:
        return self._file.of(self.index)[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._file.of(self.index))

    def __len__(self) -> int:
        return len(self._file.of(self.index))
