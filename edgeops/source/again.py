"""Resolves the files of a listing; of those that are as before, only what the others need."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from edgeops import __version__
from edgeops.fleet.catalog import devices_of, read_catalog
from edgeops.fleet.device import Resolver
from edgeops.fleet.finding import Share
from edgeops.fleet.identity import parent_of
from edgeops.fleet.later import DevicesLater
from edgeops.fleet.memo import Memo
from edgeops.fleet.model import DesiredDevice, Problem, Snapshot
from edgeops.fleet.remembered import (
    Remembered,
    context_files,
    decode,
    encode,
    remember,
    right_files,
)
from edgeops.fleet.resolve import Evaluation, Resolution, checked_hubs, evaluate
from edgeops.source.listing import Listing
from edgeops.source.read import PARSER_VERSION
from edgeops.source.schemas import packaged_schemas

FILES_AT_ONCE = 2_000  # that are held in memory, 10 KB each, where it can be done in parts

OpenMemo = Callable[[], AbstractContextManager[Memo]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to resolve: as the arguments of `resolve.resolve` say; `root` tells fleets apart.

    The result is `remembered` for the next time, in place of the last one.
    """

    root: Path
    hub: str
    every_hub: bool
    local_artifacts_url: str | None
    remembered: bool = True


@dataclass(frozen=True, slots=True)
class Resolved:
    """A resolution, and the problems of model files, which are no part of it."""

    resolution: Resolution
    model_problems: tuple[Problem, ...]


def resolve_listing(
    listing: Listing,
    wanted: Wanted,
    open_memo: OpenMemo,
    everything: Callable[[], Snapshot],
    at_once: int = FILES_AT_ONCE,
) -> Resolved:
    """What `resolve` makes of `everything`, which is read only if it has to be.

    Of more files than `at_once` no more are held in memory, where that is possible.
    Raises as `resolve` does.
    """
    state = _state(wanted)
    with open_memo() as memo:
        before = _Kept(memo, wanted.root, state).load()
    if before is None and len(listing.blobs) > at_once:
        before = _InParts(listing, wanted, open_memo, at_once).remembered()
        with open_memo() as memo:
            _Kept(memo, wanted.root, state).save(before)
    if before is not None:
        with open_memo() as memo:
            kept = _Kept(memo, wanted.root, state)
            partly = _Partly(listing, wanted, open_memo, before).resolve(memo, kept)
        if partly is not None:
            return partly
    snapshot = everything()
    with open_memo() as memo:
        evaluation = _evaluate(snapshot, wanted, memo)
        if wanted.remembered:
            context = _context(snapshot, listing.blobs)
            record = remember(context, evaluation, snapshot, listing.blobs)
            _Kept(memo, wanted.root, state).save(record)
    return Resolved(evaluation.resolution, snapshot.model_problems)


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the memo has of a fleet, if this program would find the same."""

    memo: Memo
    root: Path
    state: bytes

    def load(self) -> Remembered | None:
        stored = self.memo.get(self._key)
        if stored is None or not stored.startswith(self.state):
            return None
        return decode(stored[len(self.state) :])

    def save(self, remembered: Remembered | None) -> None:
        record = encode(remembered) if remembered is not None else None
        if record is not None:
            self.memo.put(self._key, self.state + record)

    @property
    def _key(self) -> str:
        return f"devices/{self.root}"


def _state(wanted: Wanted) -> bytes:
    """A digest of what the result depends on besides the files and the hubs."""
    schemas, url = packaged_schemas().digest, wanted.local_artifacts_url
    state = (__version__, PARSER_VERSION, schemas, url, _program())
    return hashlib.sha256(json.dumps(state).encode()).digest()


def _program() -> list[tuple[str, int, int]]:
    """It changes with the code that checks manifests, also between releases."""
    package = Path(__file__).parent.parent
    files = sorted([*package.glob("*.py"), *package.glob("fleet/*.py")])
    return [(file.name, *_times(file)) for file in files]


def _times(file: Path) -> tuple[int, int]:
    status = file.stat()
    return status.st_size, status.st_mtime_ns


def _evaluate(
    snapshot: Snapshot, wanted: Wanted, memo: Memo, others: Sequence[tuple[str, Share]] = ()
) -> Evaluation:
    url = wanted.local_artifacts_url
    return evaluate(snapshot, wanted.hub, wanted.every_hub, url, memo, others)


def _context(snapshot: Snapshot, blobs: Mapping[str, str]) -> str:
    """A digest of all that devices depend on besides their own files."""
    files = [(path, blobs[path]) for path in sorted(context_files(snapshot))]
    keys = [(path, key.data.hex(), key.fault) for path, key in sorted(snapshot.keys.items())]
    return hashlib.sha256(json.dumps([files, keys]).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _InParts:
    """Checks the devices of many files some at a time, as if a run had done so before this one.

    Each part is resolved with the context alone; what devices of several parts have to do with each
    other is checked after that, as it is when files have changed.
    """

    listing: Listing
    wanted: Wanted
    open_memo: OpenMemo
    at_once: int

    def remembered(self) -> Remembered | None:
        """What is remembered of these devices; None if their results depend on each other."""
        if self.listing.refused or not self._keeps():
            return None
        context: set[str] = set()
        of_devices: list[str] = []
        for part in self._parts(sorted(self.listing.blobs)):
            snapshot = self._read(part)
            wrong = {problem.place.file for problem in (*snapshot.problems, *snapshot.warnings)}
            others = context_files(snapshot)
            right = {document.file for document in snapshot.documents} - others - wrong
            of_devices += [path for path in part if path in right]
            context |= others - {problem.place.file for problem in snapshot.problems}
        base = self._read(context)
        found: Remembered | None = None
        apart: set[str] = set()
        for part in self._parts(of_devices):
            found = self._with_part(found, base, part, apart)
            if found is None:
                return None
        return found.only(found.blobs.keys() - apart) if found is not None else None

    def _with_part(
        self, before: Remembered | None, base: Snapshot, part: Sequence[str], apart: set[str]
    ) -> Remembered | None:
        """What is remembered of one more part; adds its files that are to be checked with others.

        They hold a name that was there before, or name a parent, which any file may define.
        """
        blobs = self.listing.blobs
        snapshot = replace(base, documents=(*base.documents, *self._read(part).documents))
        with self.open_memo() as memo:
            evaluation = _evaluate(snapshot, self.wanted, memo)
        untouched = before.blobs.keys() if before else ()
        context = _context(snapshot, blobs)
        found = remember(context, evaluation, snapshot, blobs, before, untouched)
        if found is None or (before and before.instances != found.instances):
            return None
        names, sets = (before.names, before.sets) if before else ((), {})
        known, catalog = frozenset(names), evaluation.catalog
        apart.update(
            device.document.file
            for name, device in catalog.devices.items()
            if name in known or parent_of(device) is not None
        )
        for name in catalog.device_sets.keys() & sets.keys():
            apart |= {catalog.device_sets[name].document.file, sets[name]}
        return found

    def _read(self, paths: Collection[str]) -> Snapshot:
        with self.open_memo() as memo:
            return self.listing.snapshot(memo, paths)

    def _parts(self, paths: Sequence[str]) -> Iterator[Sequence[str]]:
        for at in range(0, len(paths), self.at_once):
            yield paths[at : at + self.at_once]

    def _keeps(self) -> bool:
        """Whether the memo keeps what is put into it; else files would be parsed twice."""
        key = f"keeps/{self.wanted.root}"
        with self.open_memo() as memo:
            memo.put(key, b"1")
        with self.open_memo() as memo:
            return memo.get(key) is not None


@dataclass(frozen=True, slots=True)
class _Partly:
    """Resolves the files that changed, and what depends on them."""

    listing: Listing
    wanted: Wanted
    open_memo: OpenMemo
    before: Remembered

    def resolve(self, memo: Memo, kept: _Kept) -> Resolved | None:
        """The result; None if everything has to be resolved."""
        before, blobs = self.before, self.listing.blobs
        unchanged = before.unchanged(blobs)
        new = blobs.keys() - unchanged
        snapshot = self.listing.snapshot(memo, new)
        if _context(snapshot, blobs) != before.context:
            return None
        catalog, _ = read_catalog(snapshot)
        hubs = checked_hubs(catalog, self.wanted.hub, every_hub=self.wanted.every_hub)
        related = before.related(unchanged, catalog)
        others = unchanged - related
        shares = list(before.problems(others, hubs))
        if not hubs <= before.hubs or (shares and snapshot.spoiled):  # leaves problems unsaid
            return None
        more = self.listing.snapshot(memo, related)
        snapshot = replace(snapshot, documents=(*snapshot.documents, *more.documents))
        evaluation = _evaluate(snapshot, self.wanted, memo, shares)
        if not evaluation.separable or evaluation.catalog.instances != before.instances:
            return None
        changed = len(unchanged) < len(before.blobs) or new & right_files(evaluation, snapshot)
        if changed and hubs == before.hubs and self.wanted.remembered:
            kept.save(remember(before.context, evaluation, snapshot, blobs, before, others))
        resolution = self._with_others(evaluation, others)
        return Resolved(resolution, snapshot.model_problems)

    def _with_others(self, evaluation: Evaluation, files: Collection[str]) -> Resolution:
        """The resolution with the devices of files that were not read."""
        resolution, hub = evaluation.resolution, self.wanted.hub
        fleet = resolution.fleet
        if fleet is None or not files:
            return resolution
        later: dict[str, str] = {}
        elsewhere, paused = dict(fleet.elsewhere), set(fleet.paused_elsewhere)
        hubs = [traits.hubs for traits in self.before.traits]
        bound = [names is not None for names in hubs]
        for name, path, kind in self.before.among(files):
            if bound[kind]:
                names = hubs[kind] or ()
                if self.before.traits[kind].paused:
                    paused.add(name)
                if hub not in names:
                    elsewhere[name] = names
                    continue
            later[name] = path
        resolve = partial(self._resolve_later, evaluation.resolvers[hub], later)
        fleet = replace(
            fleet,
            devices=DevicesLater(fleet.devices, later, resolve),
            elsewhere=dict(sorted(elsewhere.items())),
            paused_elsewhere=frozenset(paused),
        )
        return replace(resolution, fleet=fleet)

    def _resolve_later(
        self,
        resolver: Resolver,
        later: Mapping[str, str],
        names: Sequence[str],
    ) -> dict[str, DesiredDevice]:
        """These devices, and others in the same files."""
        with self.open_memo() as memo:
            snapshot = self.listing.snapshot(memo, {later[name] for name in names})
        devices = [each for document in snapshot.documents for each in devices_of(document)]
        return {
            device.name: resolver.resolve(device, resolver.groups(device))[0]
            for device in devices
            if device.name in later
        }
