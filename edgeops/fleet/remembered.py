"""What is remembered of devices whose manifests are right, so that they need not be resolved again.

A file is remembered if it holds devices only, nothing is wrong in it, and every problem of its
devices is in a file of the `context`: that of all other manifests, schemas and keys. As long as
the context and the file stay as they are, these devices have the same problems as before. What they
contribute to the checks across devices are their names, parents and traits.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from edgeops.fleet.catalog import Catalog
from edgeops.fleet.finding import Share
from edgeops.fleet.identity import parent_of
from edgeops.fleet.model import Place, Problem, Snapshot
from edgeops.fleet.resolve import Evaluation
from edgeops.fleet.traits import Traits

_OF_DEVICES = ("Device", "DeviceSet")


@dataclass(frozen=True)
class Remembered:
    """The devices of files that are right, as they were checked on some hubs.

    `blobs` has the object id of each file. Of device `names[i]`, `places[i]` is the index of its
    file, `kinds[i]` that of its traits. `parents` are those that devices name, `sets` the files of
    DeviceSets by name. `instances` are those of the whole fleet.
    """

    context: str
    hubs: frozenset[str]
    instances: frozenset[str]
    blobs: Mapping[str, str]
    names: Sequence[str]
    places: Sequence[int]
    kinds: Sequence[int]
    traits: Sequence[Traits]
    parents: Mapping[str, str] = field(default_factory=dict)
    sets: Mapping[str, str] = field(default_factory=dict)

    def unchanged(self, blobs: Mapping[str, str]) -> set[str]:
        """The files that are as remembered."""
        return {path for path, blob in self.blobs.items() if blobs.get(path) == blob}

    def among(self, files: Collection[str]) -> Iterator[tuple[str, str, int]]:
        """Name, file and kind of the devices in some files."""
        paths = [path if path in files else None for path in self.blobs]
        for name, place, kind in zip(self.names, self.places, self.kinds, strict=True):
            path = paths[place]
            if path is not None:
                yield name, path, kind

    def only(self, files: Collection[str]) -> Remembered:
        """The devices in some files."""
        blobs = {path: blob for path, blob in self.blobs.items() if path in files}
        after = dict(zip(blobs, range(len(blobs)), strict=True))
        moved = [after.get(path, -1) for path in self.blobs]
        places = [moved[place] for place in self.places]
        columns = zip(self.names, self.kinds, places, strict=True)
        kept = [(name, kind) for name, kind, place in columns if place >= 0]
        names = {name for name, _ in kept} if self.parents else set()
        return replace(
            self,
            blobs=blobs,
            names=[name for name, _ in kept],
            places=[place for place in places if place >= 0],
            kinds=[kind for _, kind in kept],
            parents={name: parent for name, parent in self.parents.items() if name in names},
            sets={name: path for name, path in self.sets.items() if path in files},
        )

    def related(self, unchanged: Collection[str], changed: Catalog) -> set[str]:
        """The unchanged files to check again with those that changed.

        They have a name, a parent or a child in common with these, or stand for all with their
        traits.
        """
        devices = list(self.among(unchanged))
        files = {name: path for name, path, _ in devices}
        names = {name for name in self.names if name not in files} | changed.devices.keys()
        standing: dict[int, str] = {}
        for name, path, kind in devices:
            if kind not in standing and name not in names:
                standing[kind] = path
        near = [name for name in names if name in files]
        near += (child for child, parent in self.parents.items() if parent in names)
        for device in changed.devices.values():
            above, seen = parent_of(device), set[str]()
            while above in files and above not in seen:
                seen.add(above)
                above = self.parents.get(above)
            near += seen
        of_sets = (self.sets[name] for name in changed.device_sets if name in self.sets)
        return {
            *(files[name] for name in near if name in files),
            *(path for path in of_sets if path in unchanged),
            *standing.values(),
        }

    def problems(self, files: Collection[str], hubs: frozenset[str]) -> Iterator[tuple[str, Share]]:
        """The problems that the devices in some files have on some of the hubs."""
        shares = [list(_on_hubs(traits.shares, hubs)) for traits in self.traits]
        if any(shares):
            for name, _, kind in self.among(files):
                for share in shares[kind]:
                    yield name, share


def _on_hubs(shares: Sequence[Share], hubs: frozenset[str]) -> Iterator[Share]:
    for share in shares:
        if on := share.on & hubs:
            yield replace(share, on=on, hubs=share.hubs & hubs)


def remember(
    context: str,
    evaluation: Evaluation,
    snapshot: Snapshot,
    blobs: Mapping[str, str],
    before: Remembered | None = None,
    untouched: Collection[str] = (),
) -> Remembered | None:
    """What to remember of the files of a snapshot, and of the `untouched` files of another run.

    `blobs` has the object ids of all. None if nothing can be: the result for a device also depends
    on others, or manifests cannot be read, which leaves problems unsaid.
    """
    catalog = evaluation.catalog
    if not evaluation.separable or snapshot.spoiled or catalog.fleet is None:
        return None
    kept = before.only(untouched) if before is not None else None
    names, places, kinds = ([*kept.names], [*kept.places], [*kept.kinds]) if kept else ([], [], [])
    traits = {each: kind for kind, each in enumerate(kept.traits)} if kept else {}
    paths = {path: place for place, path in enumerate(kept.blobs)} if kept else {}
    parents = dict(kept.parents) if kept else {}
    sets = dict(kept.sets) if kept else {}
    right = right_files(evaluation, snapshot)
    for name, device in catalog.devices.items():
        path, parent = device.document.file, parent_of(device)
        if path in right:
            names.append(name)
            places.append(paths.setdefault(path, len(paths)))
            kinds.append(traits.setdefault(evaluation.traits[name], len(traits)))
            if parent is not None:
                parents[name] = parent
    for name, devices in catalog.device_sets.items():
        if devices.document.file in right:
            sets[name] = devices.document.file
    return Remembered(
        context,
        evaluation.hubs,
        catalog.instances,
        {path: blobs[path] for path in paths},
        names,
        places,
        kinds,
        list(traits),
        parents,
        sets,
    )


def right_files(evaluation: Evaluation, snapshot: Snapshot) -> set[str]:
    """The files that hold devices only, of which nothing but the context can be wrong."""
    every = {document.file for document in snapshot.documents}
    right = every - context_files(snapshot)
    resolution = evaluation.resolution
    wrong = {problem.place.file for problem in (*resolution.problems, *resolution.warnings)}
    for name, device in evaluation.catalog.devices.items():
        traits = evaluation.traits.get(name)
        if traits is None or any(share.problem.place.file in right for share in traits.shares):
            wrong.add(device.document.file)
    return right - wrong


def together(parts: Iterable[Remembered | None]) -> Remembered | None:
    """What is remembered of all devices of some parts of a fleet, which have the same context.

    Without the files whose devices have to be checked with those of other parts: they hold a name
    that an earlier part has, or name a parent, which any file may define. None if it is None for a
    part, or if a module is an instance in some parts only: what that says of others is not known.
    """
    first: Remembered | None = None
    blobs: dict[str, str] = {}
    names: dict[str, int] = {}  # the index of the file of each device
    sets: dict[str, str] = {}
    kinds: list[int] = []
    traits: dict[Traits, int] = {}
    apart: set[str] = set()
    for part in parts:
        first = first or part
        if part is None or first is None or part.instances != first.instances:
            return None
        paths, begin = list(part.blobs), len(blobs)
        blobs |= part.blobs
        kind_of = [traits.setdefault(each, len(traits)) for each in part.traits]
        for name, place, kind in zip(part.names, part.places, part.kinds, strict=True):
            if name in names or name in part.parents:
                apart.add(paths[place])
            if name not in names:
                names[name] = begin + place
                kinds.append(kind_of[kind])
        for name, path in part.sets.items():
            if sets.setdefault(name, path) != path:
                apart |= {path, sets[name]}
    if first is None:
        return None
    whole = replace(
        first,
        blobs=blobs,
        names=list(names),
        places=list(names.values()),
        kinds=kinds,
        traits=list(traits),
        parents={},
        sets=sets,
    )
    return whole.only(blobs.keys() - apart) if apart else whole


def context_digest(snapshot: Snapshot, blobs: Mapping[str, str]) -> str:
    """A digest of all that devices depend on besides their own files; `blobs` has object ids."""
    files = [(path, blobs[path]) for path in sorted(context_files(snapshot))]
    keys = [(path, key.data.hex(), key.fault) for path, key in sorted(snapshot.keys.items())]
    return hashlib.sha256(json.dumps([files, keys]).encode()).hexdigest()


def context_files(snapshot: Snapshot) -> set[str]:
    """The files of manifests and schemas that any device may depend on."""
    others = {each.file for each in snapshot.documents if each.value["kind"] not in _OF_DEVICES}
    return others | snapshot.schemas.keys()


def encode(remembered: Remembered) -> bytes | None:
    """The record as JSON; `decode` is the inverse. None for text that is not Unicode."""
    r = remembered
    traits = [[t.groups, t.hubs, t.paused, t.instances, t.contexts, _shares(t)] for t in r.traits]
    record = [
        [r.context, sorted(r.hubs), sorted(r.instances)],
        [list(r.blobs), list(r.blobs.values())],
        [r.names, r.places, r.kinds, traits],
        [r.parents, r.sets],
    ]
    try:
        return orjson.dumps(record)
    except orjson.JSONEncodeError:
        return None


def decode(record: bytes) -> Remembered | None:
    """The inverse of `encode`; None for bytes that are not a record."""
    try:
        (context, hubs, instances), (paths, blobs), devices, more = orjson.loads(record)
        names, places, kinds, traits = devices
        return Remembered(
            context,
            frozenset(hubs),
            frozenset(instances),
            dict(zip(paths, blobs, strict=True)),
            names,
            places,
            kinds,
            [_traits(*each) for each in traits],
            *more,
        )
    except (ValueError, TypeError):
        return None


def _shares(traits: Traits) -> list[Any]:
    return [
        [*_problem(share.problem), sorted(share.on), sorted(share.hubs), share.named]
        for share in traits.shares
    ]


def _problem(problem: Problem) -> list[Any]:
    place, hint = problem.place, problem.hint
    at = [place.file, place.line, place.column]
    return [at, problem.pointer, problem.message, hint, problem.warning]


def _traits(
    groups: list[str],
    hubs: list[str] | None,
    paused: bool,
    instances: list[str],
    contexts: str,
    shares: list[Any],
) -> Traits:
    return Traits(
        tuple(groups),
        None if hubs is None else tuple(hubs),
        paused,
        tuple(instances),
        contexts,
        tuple(
            Share(Problem(Place(*at), *said), frozenset(on), frozenset(every), named)
            for at, *said, on, every, named in shares
        ),
    )
