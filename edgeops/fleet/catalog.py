"""The catalog of a snapshot: all manifests and devices by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import partial
from typing import Any

from edgeops.fleet.attempt import attempt
from edgeops.fleet.context import read_context
from edgeops.fleet.kinds import (
    Device,
    DeviceSet,
    Fleet,
    Group,
    read_device,
    read_device_set,
    read_fleet,
    read_group,
    read_module,
    read_release,
)
from edgeops.fleet.layers import FROM, Layer
from edgeops.fleet.model import Document, Named, Place, Problem, Snapshot
from edgeops.fleet.outline import may_hold
from edgeops.release import ModelRelease

Reader = Callable[[Document], Named[Any]]


def _kind(name: str, read: Reader) -> Mapping[str, Any]:
    return {"kind": name, "read": read}


@dataclass(frozen=True, slots=True)
class Catalog:
    """The manifests and devices of a snapshot by kind and name.

    A kind of manifest is declared by its field here. The schema of a kind is `schemas/<its name in
    lower case>.schema.json`.
    """

    fleets: Mapping[str, Named[Fleet]] = field(metadata=_kind("Fleet", read_fleet))  # at most one
    # In order of precedence, lowest first.
    groups: Mapping[str, Named[Group]] = field(metadata=_kind("Group", read_group))
    modules: Mapping[str, Named[Layer]] = field(metadata=_kind("Module", read_module))
    releases: Mapping[str, Named[ModelRelease]] = field(
        metadata=_kind("ModelRelease", read_release)
    )
    contexts: Mapping[str, Named[ModelRelease]] = field(metadata=_kind("Context", read_context))
    # Those of DeviceSets too.
    devices: Mapping[str, Named[Device]] = field(metadata=_kind("Device", read_device))
    device_sets: Mapping[str, Named[DeviceSet]] = field(
        metadata=_kind("DeviceSet", read_device_set)
    )

    @property
    def fleet(self) -> Named[Fleet] | None:
        """The Fleet."""
        return next(iter(self.fleets.values()), None)

    @property
    def name(self) -> str:
        """The name of the Fleet; `""` without one."""
        return self.fleet.name if self.fleet else ""

    @property
    def uid(self) -> str | None:
        """The uid of the Fleet."""
        return self.fleet.spec.uid if self.fleet else None

    def defaults(self, hub: str) -> tuple[Layer, ...]:
        """The layers of every device on a hub, lowest first: of the Fleet, then of the hub."""
        if self.fleet is None:
            return ()
        return (*self.fleet.spec.defaults, *self.fleet.spec.hub_defaults.get(hub, ()))

    @property
    def overlays(self) -> list[Layer]:
        """Every layer that can set values of devices, each once."""
        layers: list[Layer] = []
        if self.fleet:
            layers += self.fleet.spec.defaults
            layers += (layer for hub in self.fleet.spec.hub_defaults.values() for layer in hub)
        layers += [group.spec.layer for group in self.groups.values()]
        # The members of a DeviceSet share one layer.
        of_devices = {id(device.spec.layer): device.spec.layer for device in self.devices.values()}
        return [*layers, *of_devices.values()]

    @property
    def instances(self) -> frozenset[str]:
        """The names of modules that some layer makes an instance of a Module."""
        return frozenset(
            name
            for layer in self.overlays
            for name, value in layer.value.get("modules", {}).items()
            if value is not None and FROM in value
        )


READERS: Mapping[str, Reader] = {
    declared.metadata["kind"]: declared.metadata["read"] for declared in fields(Catalog)
}
KINDS = tuple(READERS)


def read_catalog(snapshot: Snapshot) -> tuple[Catalog, tuple[Problem, ...]]:
    """The catalog, and the problems of its names.

    Of two manifests with one name it has the first by file and line.
    """
    problems: list[Problem] = []
    manifests: dict[str, list[Named[Any]]] = {kind: [] for kind in KINDS}
    # Documents of a file are in its order. Their places would have to be looked up.
    for document in sorted(snapshot.documents, key=lambda document: document.file):
        kind = document.value["kind"]
        at = "/metadata/name"
        manifest, failures = attempt(
            partial(_read, kind, document), partial(document.place, at), at
        )
        problems += failures
        if manifest:
            manifests[kind].append(manifest)

    members = [device for group in manifests["DeviceSet"] for device in group.spec.members]
    manifests["Device"] += members
    problems += _fleet_problems(manifests["Fleet"], snapshot)
    del manifests["Fleet"][1:]

    named = {}
    for declared in fields(Catalog):
        kind = declared.metadata["kind"]
        named[declared.name], duplicates = _by_name(kind, manifests[kind])
        problems += duplicates
    groups = named["groups"].items()
    named["groups"] = dict(sorted(groups, key=lambda item: (item[1].spec.priority, item[0])))
    return Catalog(**named), tuple(problems)


def devices_of(document: Document) -> tuple[Named[Device], ...]:
    """The devices of a document that is a Device or a DeviceSet."""
    if document.value["kind"] == "Device":
        return (read_device(document),)
    return read_device_set(document).spec.members


def _read(kind: str, document: Document) -> Named[Any]:
    return READERS[kind](document)  # inside `attempt`: the schema of a kind may have no reader


def _by_name(
    kind: str, manifests: Iterable[Named[Any]]
) -> tuple[dict[str, Named[Any]], list[Problem]]:
    """The first of each name, and a problem for each of the others."""
    named: dict[str, list[Named[Any]]] = {}
    for manifest in manifests:
        named.setdefault(manifest.name, []).append(manifest)
    problems = []
    word = "device" if kind == "Device" else kind  # it may be a member of a DeviceSet
    for name, alike in named.items():
        if len(alike) > 1:
            alike.sort(key=lambda manifest: manifest.place)
        for manifest in alike[1:]:
            message = f"{word} `{name}` is already defined at {alike[0].place}"
            hint = "rename or delete one of them"
            problems.append(manifest.document.problem(manifest.pointer, message, hint))
    return {name: alike[0] for name, alike in named.items()}, problems


def _fleet_problems(fleets: list[Named[Fleet]], snapshot: Snapshot) -> list[Problem]:
    """The problems when there is not exactly one Fleet."""
    if fleets:
        message = f"this is a second Fleet; the first is at {fleets[0].place}"
        hint = "a repository has exactly one Fleet"
        return [fleet.document.problem(fleet.pointer, message, hint) for fleet in fleets[1:]]
    if may_hold(snapshot.spoiled, "Fleet"):
        return []
    hint = "one file under fleet/ must have `kind: Fleet`"
    if snapshot.problems:
        hint += "; if there is one, fix its other problems first"
    return [Problem(Place("fleet"), "", "there is no Fleet", hint)]
