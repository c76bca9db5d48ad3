"""Checks across manifests: references to other manifests, and the order of rings."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from edgeops.errors import UsageError
from edgeops.fleet.catalog import Catalog
from edgeops.fleet.kinds import Group, matches
from edgeops.fleet.layers import FROM, Layer, named_twice
from edgeops.fleet.model import LOCAL, Document, Named, Problem, Snapshot
from edgeops.fleet.outline import is_spoiled, may_hold
from edgeops.fleet.suggest import did_you_mean
from edgeops.fleet.value_path import read_path
from edgeops.fleet.variables import references
from edgeops.history_device import DEVICE_PREFIX, is_history_device
from edgeops.jsonvalue import pointer


def reference_problems(catalog: Catalog, snapshot: Snapshot) -> Iterator[Problem]:
    """References to modules, releases, schemas and hubs that do not exist."""
    spoiled = snapshot.spoiled
    files_with_problems = {problem.place.file for problem in snapshot.problems}
    instances = catalog.instances
    known_names: Mapping[str, Collection[str]] = {
        "Module": catalog.modules,
        "ModelRelease": catalog.releases,
        "Context": catalog.contexts,
    }
    for layer in catalog.overlays:
        for at, kind, name in _references(layer, instances):
            names = known_names[kind]
            if name not in names and not is_spoiled(spoiled, kind, name):
                at = layer.pointer + at
                yield _missing(layer.document, at, kind, name, names, bool(files_with_problems))
    for module in catalog.modules.values():
        schema = module.spec.value.get("schema")
        if schema and schema not in snapshot.schemas and schema not in files_with_problems:
            at = "/spec/schema"
            yield _missing(module.document, at, "file", schema, snapshot.schemas, broken=False)
    if catalog.fleet:
        known = {LOCAL, *catalog.fleet.spec.hubs}
        for document, at, name in _hub_names(catalog):
            if name not in known:
                yield _missing(document, at, "hub", name, known, broken=False)


def _references(layer: Layer, instances: Collection[str]) -> Iterator[tuple[str, str, str]]:
    """The pointer, kind and name of each manifest that a layer refers to."""
    for name, value in layer.value.get("modules", {}).items():
        if value is not None and FROM in value:
            yield pointer("modules", name, FROM), "Module", value[FROM]
        elif value is not None and name not in instances:
            yield pointer("modules", name), "Module", name
    for part, kind in (("models", "ModelRelease"), ("contexts", "Context")):
        for slot, wanted in layer.value.get(part, {}).items():
            if wanted is not None and not references(wanted):  # variables are replaced by device
                yield pointer(part, slot), kind, wanted


def _hub_names(catalog: Catalog) -> Iterator[tuple[Document, str, str]]:
    """The document and pointer of each name of a hub that devices are bound to."""
    manifests: list[Named[Any]] = [*catalog.groups.values(), *catalog.devices.values()]
    documents = {id(manifest.document): manifest.document for manifest in manifests}
    for document in documents.values():
        spec = document.value.get("spec", {})
        places = {"/spec": spec, "/spec/template/spec": spec.get("template", {}).get("spec", {})}
        places |= {f"/spec/devices/{i}": member for i, member in enumerate(spec.get("devices", ()))}
        for at, holder in places.items():
            for index, name in enumerate(holder.get("hubs", ())):
                yield document, f"{at}/hubs/{index}", name


def _missing(
    document: Document, at: str, kind: str, name: str, known: Collection[Any], broken: bool
) -> Problem:
    hint = did_you_mean(name, known)
    if broken and not hint:
        hint = "if a file defines it, fix the other problems of that file first"
    return document.problem(at, f"there is no {kind} `{name}`", hint)


def name_problems(catalog: Catalog) -> Iterator[Problem]:
    """Settings that one layer sets by their old name and by their new one."""
    for layer in catalog.overlays:
        for old, new in named_twice(layer):
            name, other = old.rpartition("/")[2], ".".join(new.split("/")[-2:])
            yield layer.document.problem(
                old,
                f"`{name}` is another name of `{other}`, which is set too",
                "remove one of them",
            )


def reserved_names(catalog: Catalog) -> Iterator[Problem]:
    """Devices with a name that edgeops needs on the hub."""
    for device in catalog.devices.values():
        if is_history_device(device.name):
            yield device.document.problem(
                device.pointer,
                f"`{device.name}` is a name of the devices that hold the history of a fleet",
                f"take a name that does not begin with `{DEVICE_PREFIX}`",
            )


def selector_warnings(catalog: Catalog, snapshot: Snapshot) -> Iterator[Problem]:
    """Groups that select none of the devices, unless some devices cannot be read."""
    if not catalog.devices or may_hold(snapshot.spoiled, "Device", "DeviceSet"):
        return
    for group in catalog.groups.values():
        labels = (device.spec.labels for device in catalog.devices.values())
        if not any(matches(group.spec.selector, of_device) for of_device in labels):
            message = f"group `{group.name}` selects no device"
            hint = "compare its labels with `metadata.labels` of the devices"
            yield group.document.warning("/spec/selector", message, hint)


def empty_set_warnings(catalog: Catalog) -> Iterator[Problem]:
    """DeviceSets without devices."""
    for devices in catalog.device_sets.values():
        if not devices.spec.members:
            message = f"the DeviceSet `{devices.name}` has no devices"
            yield devices.document.warning("/spec/devices", message, "list them, or delete it")


def unused_context_warnings(catalog: Catalog, snapshot: Snapshot) -> Iterator[Problem]:
    """Contexts that no layer names, unless a variable or what cannot be read may name them."""
    if may_hold(snapshot.spoiled, "Fleet", "Group", "Device", "DeviceSet"):
        return
    named = [
        name for layer in catalog.overlays for name in layer.value.get("contexts", {}).values()
    ]
    if references(named):
        return
    for context in catalog.contexts.values():
        if context.name not in named:
            message = f"no device gets the Context `{context.name}`"
            hint = f"put it into a slot, as `contexts: {{SLOT: {context.name}}}`, or delete it"
            yield context.document.warning(context.pointer, message, hint)


def rollout_value_problems(groups: Iterable[Named[Group]]) -> Iterator[Problem]:
    """Paths in `rollout.values` that are not paths of what a group sets."""
    for group in groups:
        for index, text in enumerate(group.spec.rollout.values if group.spec.rollout else ()):
            try:
                read_path(text)
            except UsageError as error:
                at = f"/spec/rollout/values/{index}"
                yield group.document.problem(at, error.message, error.hint)


def ring_problems(groups: Iterable[Named[Group]]) -> Iterator[Problem]:
    """Groups with the ring of another group, so that their order would be undefined."""
    rings: dict[int, list[Named[Group]]] = {}
    for group in groups:
        if group.spec.rollout is not None:
            rings.setdefault(group.spec.rollout.ring, []).append(group)
    at = "/spec/rollout/ring"
    for ring, alike in rings.items():
        if len(alike) > 1:  # of the others no place is looked up
            first, *others = sorted(alike, key=lambda group: group.place)
            place = first.document.place(at)
            message = f"ring {ring} is already used by group `{first.name}`, at {place}"
            for group in others:
                yield group.document.problem(at, message, "give one of them another number")
