"""The catalog of a snapshot: every named thing, found by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from edgeops.fleet.attempt import attempt
from edgeops.fleet.layers import OVERLAY_PARTS, Layer
from edgeops.fleet.model import Document, Place, Problem, Snapshot
from edgeops.fleet.rollout import Rollout, rollout
from edgeops.release import ModelRelease
from edgeops.twin import JsonObject, merge_patch

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Named(Generic[T]):
    """A thing with its name and the place of the name."""

    name: str
    document: Document
    pointer: str
    what: T

    @property
    def place(self) -> Place:
        """Where the name stands."""
        return self.document.place(self.pointer)


@dataclass(frozen=True, slots=True)
class Group:
    """A group: which devices it selects, and what it sets on them; a ring has a `rollout`."""

    priority: int
    selector: JsonObject
    layer: Layer
    rollout: Rollout | None = None


@dataclass(frozen=True, slots=True)
class Device:
    """A device as its manifest, or its DeviceSet, has it; nothing merged yet."""

    labels: Mapping[str, str]
    layer: Layer

    @property
    def edge(self) -> bool:
        """Whether it is an IoT Edge device."""
        return bool(self.layer.value.get("edge", False))


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything in a snapshot by kind and name; groups are in order of precedence."""

    fleet: Named[JsonObject] | None
    layers: tuple[Layer, ...]  # of the Fleet: its edge runtime and its defaults
    groups: Mapping[str, Named[Group]]
    modules: Mapping[str, Named[Layer]]
    releases: Mapping[str, Named[ModelRelease]]
    devices: Mapping[str, Named[Device]]

    @property
    def runtime(self) -> JsonObject:
        """What `defaults.edge` says of the IoT Edge runtime."""
        return next((layer.value for layer in self.layers if layer.base), {})

    @property
    def overlays(self) -> list[Layer]:
        """Every layer that can set something on devices, each once."""
        layers = [layer for layer in self.layers if not layer.base]
        layers += [group.what.layer for group in self.groups.values()]
        # The members of a DeviceSet share one layer.
        of_devices = {id(one.what.layer): one.what.layer for one in self.devices.values()}
        return [*layers, *of_devices.values()]


def read_catalog(snapshot: Snapshot) -> tuple[Catalog, tuple[Problem, ...]]:
    """The catalog, and what is wrong with its names. Of two things with one name it has the first.

    "First" is by file and line, so the order of documents does not matter.
    """
    kinds: dict[str, list[Document]] = {}
    for document in sorted(snapshot.documents, key=lambda one: one.place("")):
        kinds.setdefault(document.value["kind"], []).append(document)
    problems: list[Problem] = []

    def by_name(kind: str, things: Iterable[Named[T]]) -> dict[str, Named[T]]:
        found: dict[str, Named[T]] = {}
        for thing in things:
            first = found.setdefault(thing.name, thing)
            if first is not thing:
                problems.append(_twice(kind, first, thing))
        return found

    def built(
        documents: Iterable[Document], build: Callable[[Document], Iterable[T]]
    ) -> Iterator[T]:
        for document in documents:
            work = partial(_all, build, document)
            things, failed = attempt(work, document.place("/metadata/name"), "/metadata/name")
            problems.extend(failed)
            yield from things or ()

    sets = kinds.get("DeviceSet", ())
    by_name("DeviceSet", built(sets, _device_set))
    groups = by_name("Group", built(kinds.get("Group", ()), _group))
    devices = [*built(kinds.get("Device", ()), _device), *built(sets, _members)]
    fleet = _only_fleet(kinds.get("Fleet", []), snapshot, problems)
    catalog = Catalog(
        fleet=fleet,
        layers=tuple(built([fleet.document], _fleet_layers) if fleet else ()),
        groups=dict(sorted(groups.items(), key=lambda item: (item[1].what.priority, item[0]))),
        modules=by_name("Module", built(kinds.get("Module", ()), _module)),
        releases=by_name("ModelRelease", built(kinds.get("ModelRelease", ()), _release)),
        devices=by_name("device", sorted(devices, key=lambda device: device.place)),
    )
    return catalog, tuple(problems)


def _all(build: Callable[[Document], Iterable[T]], document: Document) -> tuple[T, ...]:
    return tuple(build(document))


def _twice(kind: str, first: Named[T], second: Named[T]) -> Problem:
    return Problem(
        second.place,
        second.pointer,
        f"{kind} `{second.name}` is already defined at {first.place}",
        "rename or delete one of them",
    )


def _only_fleet(
    documents: list[Document], snapshot: Snapshot, problems: list[Problem]
) -> Named[JsonObject] | None:
    if not documents:
        hint = "one file under fleet/ must have `kind: Fleet`"
        if snapshot.problems:
            hint += "; if there is one, fix its other problems first"
        if "Fleet" not in snapshot.spoiled:
            problems.append(Problem(Place("fleet"), "", "there is no Fleet", hint))
        return None
    fleets = [_named(document, document.value["spec"]) for document in documents]
    for second in fleets[1:]:
        message = f"a second Fleet; the first is at {fleets[0].place}"
        problems.append(
            Problem(second.place, second.pointer, message, "a repository has exactly one Fleet")
        )
    return fleets[0]


def _fleet_layers(document: Document) -> Iterator[Layer]:
    defaults = document.value["spec"].get("defaults", {})
    at = "/spec/defaults"
    runtime = defaults.get("edge", {})
    yield Layer("Fleet defaults", document, f"{at}/edge", runtime, ("edgeRuntime",), base=True)
    yield Layer("Fleet defaults", document, at, _overlay_parts(defaults))


def _overlay_parts(spec: JsonObject) -> JsonObject:
    return {key: value for key, value in spec.items() if key in OVERLAY_PARTS}


def _named(document: Document, what: T) -> Named[T]:
    return Named(document.value["metadata"]["name"], document, "/metadata/name", what)


def _device_set(document: Document) -> Iterator[Named[JsonObject]]:
    yield _named(document, document.value["spec"])


def _group(document: Document) -> Iterator[Named[Group]]:
    metadata, spec = document.value["metadata"], document.value["spec"]
    layer = Layer(f"Group {metadata['name']}", document, "/spec", _overlay_parts(spec))
    ring = rollout(spec["rollout"]) if "rollout" in spec else None
    yield _named(document, Group(metadata.get("priority", 0), spec["selector"], layer, ring))


def _module(document: Document) -> Iterator[Named[Layer]]:
    name = document.value["metadata"]["name"]
    spec = merge_patch({}, document.value["spec"])
    layer = Layer(f"Module {name}", document, "/spec", spec, ("modules", name), base=True)
    yield _named(document, layer)


def _release(document: Document) -> Iterator[Named[ModelRelease]]:
    metadata, spec = document.value["metadata"], document.value["spec"]
    release = ModelRelease(
        name=metadata["name"],
        version=metadata["version"],
        file_name=spec["fileName"],
        size=spec["size"],
        sha256=spec["sha256"],
        md5=spec["md5"],
        format=spec["format"],
        path=spec.get("path"),
        url=spec.get("url"),
    )
    yield Named(release.reference, document, "/metadata/name", release)


def _device(document: Document) -> Iterator[Named[Device]]:
    metadata, spec = document.value["metadata"], document.value.get("spec", {})
    layer = Layer(f"Device {metadata['name']}", document, "/spec", spec)
    yield _named(document, Device(metadata.get("labels", {}), layer))


def _members(document: Document) -> Iterator[Named[Device]]:
    spec = document.value["spec"]
    template: dict[str, Any] = spec.get("template", {})
    name = f"DeviceSet {document.value['metadata']['name']}"
    layer = Layer(name, document, "/spec/template/spec", template.get("spec", {}))
    for index, member in enumerate(spec["devices"]):
        labels = {**template.get("labels", {}), **member.get("labels", {})}
        at = f"/spec/devices/{index}/name"
        yield Named(member["name"], document, at, Device(labels, layer))
