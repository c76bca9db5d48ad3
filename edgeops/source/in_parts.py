"""Checks the devices of many files some at a time, with all processors.

It is as if a run had done so before this one. Each part is resolved with the context alone: the
manifests, schemas and keys that any device may depend on. What devices of several parts have to do
with each other is left to `again`, which checks that when files have changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from functools import partial

from edgeops.fleet.memo import Memo, OpenMemo
from edgeops.fleet.model import Snapshot
from edgeops.fleet.remembered import (
    Remembered,
    context_digest,
    context_files,
    decode,
    encode,
    remember,
    together,
)
from edgeops.fleet.resolve import Evaluation
from edgeops.source.listing import Listing
from edgeops.source.processes import in_processes

_FEW = 200  # files that are read first, to know the context of the others


@dataclass(frozen=True, slots=True)
class InParts:
    """The files of a listing, of which each process holds `at_once`."""

    listing: Listing
    evaluate: Callable[[Snapshot, Memo], Evaluation]
    open_memo: OpenMemo
    at_once: int
    processes: int

    def remembered(self) -> Remembered | None:
        """What is remembered of the devices; None if their results depend on each other."""
        if self.listing.refused or not self._keeps():
            return None
        paths = _small_folders_first(self.listing.blobs)
        context = _context_of(self._read(paths[:_FEW]))
        while True:  # once or twice: then all files were read, and the context is known
            base = self._read(context)
            found = list(self._check(paths, base, context))
            more = context.union(*(each.context for each in found))
            if more == context:
                break
            context = more
        return together(decode(each.devices) if each.devices else None for each in found)

    def _check(self, paths: Sequence[str], base: Snapshot, context: Set[str]) -> Iterator[_Found]:
        """What is found in each part; its records are kept."""
        complete = any(document.value["kind"] == "Fleet" for document in base.documents)

        def parts() -> Iterator[_Part]:
            for at in range(0, len(paths), self.at_once):
                some = paths[at : at + self.at_once]
                with self.open_memo() as memo:
                    known = self.listing.records(memo, some)
                yield _Part(some, known, resolve=complete)

        digest = context_digest(base, self.listing.blobs)
        work = partial(self._check_part, base, context, digest)
        for found in in_processes(work, parts(), self.processes):
            complete = complete and found.context <= context
            with self.open_memo() as memo:
                for key, record in found.records.items():
                    memo.put(key, record)
            yield replace(found, records={})

    def _check_part(self, base: Snapshot, context: Set[str], digest: str, part: _Part) -> _Found:
        """What is found in a part, for devices that depend on the files of the `base`."""
        memo = _Records(part.known)
        snapshot = self.listing.snapshot(memo, part.paths)
        here = _context_of(snapshot)
        found = None
        if part.resolve and here <= context:
            wrong = {each.place.file for each in (*snapshot.problems, *snapshot.warnings)}
            not_devices = context_files(snapshot) | wrong
            right = (each for each in snapshot.documents if each.file not in not_devices)
            snapshot = replace(base, documents=(*base.documents, *right))
            evaluation = self.evaluate(snapshot, memo)
            found = remember(digest, evaluation, snapshot, self.listing.blobs)
        return _Found(here, encode(found) if found else None, memo.new)

    def _read(self, paths: Collection[str]) -> Snapshot:
        with self.open_memo() as memo:
            return self.listing.snapshot(memo, paths)

    def _keeps(self) -> bool:
        """Whether the memo keeps what is put into it; else files would be parsed twice."""
        with self.open_memo() as memo:
            memo.put("keeps", b"1")
        with self.open_memo() as memo:
            return memo.get("keeps") is not None


@dataclass(frozen=True, slots=True)
class _Part:
    """Some files, and what the memo has of them; not to `resolve` if their context is not known."""

    paths: Sequence[str]
    known: Mapping[str, bytes]
    resolve: bool


@dataclass(frozen=True, slots=True)
class _Found:
    """The files of a part that any device may depend on, its devices, and records of the memo."""

    context: frozenset[str]
    devices: bytes | None
    records: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class _Records:
    """A memo that knows some records, and collects new ones."""

    known: Mapping[str, bytes]
    new: dict[str, bytes] = field(default_factory=dict)

    def get(self, key: str) -> bytes | None:
        """The record with this key, or None."""
        return self.known.get(key) or self.new.get(key)

    def put(self, key: str, value: bytes) -> None:
        """Collect a record."""
        self.new[key] = value


def _small_folders_first(paths: Collection[str]) -> list[str]:
    """These paths in an order in which what all devices share probably comes before devices."""
    sizes = Counter(path.rpartition("/")[0] for path in paths)
    return sorted(paths, key=lambda path: (sizes[path.rpartition("/")[0]], path))


def _context_of(snapshot: Snapshot) -> frozenset[str]:
    """The files of a snapshot that any device may depend on, and in which nothing is wrong."""
    return frozenset(context_files(snapshot) - {each.place.file for each in snapshot.problems})
