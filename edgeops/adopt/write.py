"""Writes described devices as a fleet: manifests that a person would have written."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from edgeops.adopt.device_sets import MANY, write_sets, write_single
from edgeops.adopt.documents import Documents, edge_ordered, ordered, overlay, some
from edgeops.adopt.names import Names, label_values, slug
from edgeops.adopt.share import SharedLayer, Sharing, share
from edgeops.adopt.spec import Described
from edgeops.adopt.tree import at, difference, tree_of
from edgeops.adopt.vary import TagGrouping, Trees
from edgeops.fleet.create_options import compact
from edgeops.fleet.edge import edge_defaults
from edgeops.fleet.layers import FROM
from edgeops.fleet.variables import as_text, references
from edgeops.jsonvalue import JsonObject
from edgeops.secret_reference import values_in
from edgeops.twin import EDGE_AGENT, EDGE_HUB

_FEW = 3  # devices; fewer say what they have themselves
_SITE, _EXCEPTION = 10, 20  # priorities of groups
_ABOUT_EXCEPTIONS = "What only some devices have; their labels select it."


@dataclass(frozen=True, slots=True)
class Known:
    """What a repository has already: names by kind of manifest, labels, files below `fleet/`.

    `defaults` are those of its Fleet, which every device gets.
    """

    names: Mapping[str, Collection[str]] = field(default_factory=dict)
    labels: Collection[str] = ()
    files: Collection[str] = ()
    defaults: JsonObject = field(default_factory=dict)

    def of(self, kind: str) -> Collection[str]:
        """The names of one kind."""
        return self.names.get(kind, ())


@dataclass(frozen=True, slots=True)
class WantedFleet:
    """What the manifests are to be like.

    `fleet` is the name of a new Fleet with this `uid` and these `hubs` and `variables`; without
    one, what devices have in common becomes a Group for `only` these hubs, if any are named.
    `group_by` is the path of a tag. `schemas` are the kinds of manifests that have a schema in the
    repository.
    """

    fleet: str | None
    uid: str | None = None
    hubs: JsonObject = field(default_factory=dict)
    only: Sequence[str] = ()
    variables: JsonObject = field(default_factory=dict)
    group_by: tuple[str, ...] = ()
    schemas: Collection[str] = ()
    known: Known = field(default_factory=Known)


def write(devices: Sequence[Described], wanted: WantedFleet) -> dict[str, str]:
    """The text of each file, by its path in the repository."""
    known = wanted.known
    label = _label(wanted.group_by)
    grouping = TagGrouping(label, _groups(devices, wanted.group_by))
    trees = _trees(devices)
    used = references(trees)
    variables = {name: value for name, value in wanted.variables.items() if name in used}
    names = Names(known.of("Group"))
    base = names.new("imported")
    taken = {*known.labels, "base"}
    sharing = share(trees, grouping, variables, {*known.of("Group"), base}, taken)
    sharing.variables = {**variables, **sharing.variables}
    labels: dict[str, dict[str, str]] = {}
    for device in devices:
        group = grouping.values.get(device.name)
        labels[device.name] = {label: group} if label and group else {}
    documents = Documents(wanted.schemas, known.files)
    modules = _module_names((name for d in devices for name in d.modules), known)
    instances = {name: {FROM: own} for name, own in modules.items() if own != name}
    few = len(devices) < _FEW
    ordered_start = any("startupOrder" in spec for d in devices for spec in d.modules.values())
    shared = _write_modules(documents, sharing, modules)
    shared = _defaults(shared, sharing, instances, few=few, ordered_start=ordered_start)
    if wanted.fleet is not None:
        spec = some(variables=sharing.variables, defaults=shared)
        fleet = {**some(uid=wanted.uid), "hubs": wanted.hubs, **spec}
        documents.add("fleet.yaml", "Fleet", {"name": wanted.fleet}, fleet)
    elif shared := _over_defaults(known.defaults, shared, sharing.variables, wanted.only):
        for name in labels:
            labels[name]["base"] = base
        selector = {"selector": {"matchLabels": {"base": base}}}
        documents.add(f"groups/{base}.yaml", "Group", {"name": base}, {**selector, **shared})
    for layer in sharing.groups:
        _write_group(documents, f"groups/{label}.yaml", layer, _SITE, instances)
    if few:
        _add_labels(labels, sharing.exceptions)
        write_single(documents, devices, sharing, labels, instances)
        left = sharing.exceptions
    else:
        sets = Names(known.of("DeviceSet"))
        left = write_sets(documents, devices, sharing, grouping.values, labels, instances, sets)
    for layer in left:
        _write_group(documents, "groups/exceptions.yaml", layer, _EXCEPTION, instances)
    if left:
        documents.say("groups/exceptions.yaml", _ABOUT_EXCEPTIONS)
    return documents.texts()


# --- labels and trees -----------------------------------------------------------------


def _label(group_by: tuple[str, ...]) -> str | None:
    """The name of the label that stands for a tag."""
    return (slug(group_by[-1]) or "group") if group_by else None


def _groups(devices: Iterable[Described], group_by: tuple[str, ...]) -> dict[str, str]:
    """The label value of each device that has the tag."""
    texts = {}
    for device in devices:
        value = at(device.settings.get("tags"), group_by) if group_by else None
        if isinstance(value, (str, int, float)) and as_text(value):
            texts[device.name] = as_text(value)
    values = label_values(texts.values())
    return {name: values[text] for name, text in texts.items()}


def _add_labels(labels: Mapping[str, dict[str, str]], layers: Iterable[SharedLayer]) -> None:
    for layer in layers:
        for name in sorted(layer.devices):
            labels[name][layer.label] = layer.value


def _trees(devices: Iterable[Described]) -> Trees:
    return {
        device.name: {
            "tags": {},
            "desired": {},
            **device.settings,
            "modules": dict(device.modules),
            "present": {name: {} for name in device.modules},
        }
        for device in devices
    }


# --- what is shared -------------------------------------------------------------------


def _module_names(names: Iterable[str], known: Known) -> dict[str, str]:
    """The name of the Module manifest of each module."""
    taken = Names(known.of("Module"))
    return {name: taken.new(name, "module") for name in sorted(set(names))}


def _write_modules(documents: Documents, sharing: Sharing, names: Mapping[str, str]) -> JsonObject:
    """Write the Module manifests; returns the rest of the base."""
    base = dict(sharing.base)
    specs: JsonObject = base.pop("modules", {})
    for name, own in names.items():
        file = "modules.yaml" if len(names) > MANY else f"modules/{own}.yaml"
        spec = module_without_defaults(specs.get(name, {}))
        documents.add(file, "Module", {"name": own}, ordered(spec))
    return base


def _defaults(
    base: JsonObject,
    sharing: Sharing,
    instances: Mapping[str, JsonObject],
    *,
    few: bool,
    ordered_start: bool,
) -> JsonObject:
    """What all devices have, as an overlay."""
    touched = [layer.settings for layer in (*sharing.groups, *sharing.exceptions)]
    touched += sharing.rest.values()
    if "edge" in base:
        base = {**base, "edge": _without_defaults(base["edge"], touched)}
        if not ordered_start:
            base["edge"] = _without_order(base["edge"])
    if few:
        base = {"edge": base.get("edge")}
    return overlay(base, instances)


def _over_defaults(
    defaults: JsonObject, shared: JsonObject, variables: JsonObject, only: Sequence[str]
) -> JsonObject:
    """What to lay over the defaults of an existing Fleet, so that devices have what is shared."""
    removed = {
        key: patch
        for key in ("tags", "desired", "edge")
        if (patch := difference(defaults.get(key, {}), shared.get(key, {})))
    }
    modules = dict.fromkeys(defaults.get("modules", {})) | shared.get("modules", {})
    return some(hubs=list(only), variables=variables, **removed, modules=modules)


def _without_defaults(edge: JsonObject, touched: Iterable[JsonObject]) -> JsonObject:
    """The runtime settings without what a new device gets anyway."""
    content: Any = {EDGE_AGENT: {}, EDGE_HUB: {}}
    default = edge_defaults({}, {}, content)
    agent, hub = default[EDGE_AGENT], default[EDGE_HUB]
    system = agent["systemModules"]
    settings = {
        ("minDockerVersion",): agent["runtime"]["settings"]["minDockerVersion"],
        ("timeToLiveSecs",): hub["storeAndForwardConfiguration"]["timeToLiveSecs"],
        ("agent", "schemaVersion"): agent["schemaVersion"],
        ("hub", "schemaVersion"): hub["schemaVersion"],
        ("agent", "image"): system["edgeAgent"]["settings"]["image"],
        ("hub", "image"): system["edgeHub"]["settings"]["image"],
        ("hub", "status"): "running",
        ("hub", "restartPolicy"): "always",
    }
    kept = {path: value for path, value in values_in(edge) if settings.get(path, ...) != value}
    for key, name in (("agent", "edgeAgent"), ("hub", "edgeHub")):
        options = edge.get(key, {}).get("createOptions")
        overlaid = any(at(patch, ("edge", key, "createOptions")) is not None for patch in touched)
        usual = system[name]["settings"]["createOptions"]
        if options is not None and not overlaid and compact(options) == usual:
            kept = {path: v for path, v in kept.items() if path[:2] != (key, "createOptions")}
    return edge_ordered(tree_of(kept.items()))


def _without_order(edge: JsonObject) -> JsonObject:
    """The runtime settings without the word that edgeHub has no startup order."""
    hub = edge.get("hub", {})
    kept = {key: v for key, v in hub.items() if key != "startupOrder" or v is not None}
    return {key: v for key, v in {**edge, "hub": kept}.items() if key != "hub" or v}


def module_without_defaults(spec: JsonObject) -> JsonObject:
    """A Module without what a new module gets anyway."""
    usual = {"status": "running", "restartPolicy": "always", "createOptions": {}}
    return {key: value for key, value in spec.items() if usual.get(key, ...) != value}


def _write_group(
    documents: Documents,
    file: str,
    layer: SharedLayer,
    priority: int,
    instances: Mapping[str, JsonObject],
) -> None:
    spec = {"selector": {"matchLabels": {layer.label: layer.value}}}
    metadata = {"name": layer.name, "priority": priority}
    documents.add(file, "Group", metadata, {**spec, **overlay(layer.settings, instances)})
