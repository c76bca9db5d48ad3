"""Resolves the files of a listing; of those that are as before, only what the others need."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from edgeops import __version__
from edgeops.fleet.catalog import devices_of, read_catalog
from edgeops.fleet.device import Resolver
from edgeops.fleet.finding import Share
from edgeops.fleet.later import DevicesLater
from edgeops.fleet.memo import Memo, OpenMemo
from edgeops.fleet.model import DesiredDevice, Problem, Snapshot
from edgeops.fleet.remembered import (
    Remembered,
    context_digest,
    decode,
    encode,
    remember,
    right_files,
)
from edgeops.fleet.resolve import Evaluation, Resolution, checked_hubs, evaluate
from edgeops.fleet.shared_values import SharedValues
from edgeops.processors import processors
from edgeops.source.listing import Listing
from edgeops.source.read import PARSER_VERSION
from edgeops.source.schemas import packaged_schemas

FILES_AT_ONCE = 500  # that a process holds in memory, 10 KB each, where it can be done in parts
_MOST_PROCESSES = 8  # at once


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
    processes: int | None = None,
) -> Resolved:
    """What `resolve` makes of `everything`, which is read only if it has to be.

    Of more files than twice `at_once`, each of the processes (one for each processor) holds no more
    than that in memory, where it is possible. Raises as `resolve` does.
    """
    state = _state(wanted)
    with open_memo() as memo:
        before = _Kept(memo, wanted.root, state).load()
        changed = _changed(listing, before, memo)
    in_parts = changed is None and len(listing.blobs) > 2 * at_once
    if in_parts:
        from edgeops.source.in_parts import InParts  # here: few fleets are that large

        check = partial(_evaluate, wanted)
        processes = processes or min(processors(), _MOST_PROCESSES)
        before = InParts(listing, check, open_memo, at_once, processes).remembered()
        with open_memo() as memo:
            changed = _changed(listing, before, memo)
    if before is not None and changed is not None:
        again = _Partly(listing, wanted, open_memo, before, stored=not in_parts)
        with open_memo() as memo:
            partly = again.resolve(changed, memo, _Kept(memo, wanted.root, state))
        if partly is not None:
            return partly
    snapshot = everything()
    with open_memo() as memo:
        evaluation = _evaluate(wanted, snapshot, memo)
        if wanted.remembered:
            context = context_digest(snapshot, listing.blobs)
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
    wanted: Wanted, snapshot: Snapshot, memo: Memo, others: Sequence[tuple[str, Share]] = ()
) -> Evaluation:
    url = wanted.local_artifacts_url
    return evaluate(snapshot, wanted.hub, wanted.every_hub, url, memo, others)


@dataclass(frozen=True, slots=True)
class _Changed:
    """The files that are not as remembered, and the paths of those that are."""

    snapshot: Snapshot
    others: Set[str]


def _changed(listing: Listing, before: Remembered | None, memo: Memo) -> _Changed | None:
    """What changed; None if nothing is remembered, or what any device depends on changed."""
    if before is None:
        return None
    unchanged = before.unchanged(listing.blobs)
    snapshot = listing.snapshot(memo, listing.blobs.keys() - unchanged)
    same = context_digest(snapshot, listing.blobs) == before.context
    return _Changed(snapshot, unchanged) if same else None


@dataclass(frozen=True, slots=True)
class _Partly:
    """Resolves the files that changed, and what depends on them.

    `stored` says whether what was `before` is in the memo.
    """

    listing: Listing
    wanted: Wanted
    open_memo: OpenMemo
    before: Remembered
    stored: bool

    def resolve(self, changed: _Changed, memo: Memo, kept: _Kept) -> Resolved | None:
        """The result; None if everything has to be resolved."""
        before, blobs = self.before, self.listing.blobs
        unchanged, snapshot = changed.others, changed.snapshot
        catalog, _ = read_catalog(snapshot)
        hubs = checked_hubs(catalog, self.wanted.hub, every_hub=self.wanted.every_hub)
        related = before.related(unchanged, catalog)
        others = unchanged - related
        shares = list(before.problems(others, hubs))
        if not hubs <= before.hubs or (shares and snapshot.spoiled):  # leaves problems unsaid
            return None
        more = self.listing.snapshot(memo, related)
        snapshot = replace(snapshot, documents=(*snapshot.documents, *more.documents))
        evaluation = _evaluate(self.wanted, snapshot, memo, shares)
        if not evaluation.separable or evaluation.catalog.instances != before.instances:
            return None
        complete = self.stored and len(unchanged) == len(before.blobs)
        right = right_files(evaluation, snapshot)
        if (not complete or right - unchanged) and hubs == before.hubs and self.wanted.remembered:
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
        resolve = partial(self._resolve_later, evaluation.resolvers[hub], later, SharedValues())
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
        shared: SharedValues,
        names: Sequence[str],
    ) -> dict[str, DesiredDevice]:
        """These devices, and others in the same files."""
        with self.open_memo() as memo:
            snapshot = self.listing.snapshot(memo, {later[name] for name in names})
        devices = [each for document in snapshot.documents for each in devices_of(document)]
        found = {}
        for device in devices:
            if device.name in later:
                resolved, _ = resolver.resolve(device, resolver.groups(device))
                tags, desired = map(shared.section, (resolved.tags, resolved.desired))
                found[device.name] = replace(resolved, tags=tags, desired=desired)
        return found
