"""Which files a commit or a working tree has; their contents are read when they are needed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from edgeops.fleet.memo import Memo
from edgeops.fleet.model import Problem, Snapshot
from edgeops.source.layout import role
from edgeops.source.read import SourceFile, read_snapshot, record_key
from edgeops.source.schemas import packaged_schemas


@dataclass(frozen=True, slots=True)
class Listing:
    """The files that edgeops reads, each with its object id in git.

    `refused` are the problems of those that it does not read. `read` gives the content of one of
    the files, `read_key` that of a key file; both take a path, and raise `OSError`.
    """

    commit: str | None
    blobs: Mapping[str, str]
    refused: tuple[Problem, ...]
    read: Callable[[str], bytes]
    read_key: Callable[[str], bytes]

    def snapshot(self, memo: Memo | None = None, only: Collection[str] | None = None) -> Snapshot:
        """The manifests and schemas of all files, or of `only` some."""
        files: list[SourceFile | Problem] = [*self.refused, *self._files(only)]
        return read_snapshot(self.commit, files, packaged_schemas(), memo, self.read_key)

    def records(self, memo: Memo, paths: Collection[str]) -> dict[str, bytes]:
        """What a memo has of some of the files, by key."""
        schemas = packaged_schemas()
        keys = (record_key(file, schemas) for file in self._files(paths))
        found = ((key, memo.get(key)) for key in keys)
        return {key: record for key, record in found if record is not None}

    def _files(self, only: Collection[str] | None) -> Iterator[SourceFile]:
        for path in sorted(self.blobs if only is None else only):
            kind = role(path)
            assert kind is not None
            yield SourceFile(path, kind, self.blobs[path], partial(self.read, path))
