"""Writes described devices as a fleet: manifests that a person would have written."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from edgeops.adopt.found import FoundLayer
from edgeops.adopt.share import Layer, Sharing, Trees, share
from edgeops.adopt.spec import Described
from edgeops.adopt.tree import at, difference, leaves, tree_of
from edgeops.fleet.create_options import compact
from edgeops.fleet.edge import edge_defaults
from edgeops.fleet.layers import FROM
from edgeops.fleet.model import EdgeKind
from edgeops.fleet.variables import references
from edgeops.fleet.yaml_dump import dump_block
from edgeops.jsonvalue import JsonObject
from edgeops.twin import EDGE_AGENT, EDGE_HUB

API_VERSION = "edgeops/v1"

_LABEL = re.compile(r"[A-Za-z0-9._-]{0,63}\Z")
_MANY = 8  # documents of a kind that each get a file of their own
_MEMBERS = 3  # alike devices from which on they are a DeviceSet


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the manifests are to be like.

    `fleet` is the name of a new Fleet with these `hubs` and `variables`; without one, what devices
    have in common becomes a Group `base`. `modules` maps the names of Modules that exist to the
    names to use instead. `group_by` is the path of a tag.
    """

    fleet: str | None
    hubs: JsonObject = field(default_factory=dict)
    variables: JsonObject = field(default_factory=dict)
    base: str = "imported"
    modules: Mapping[str, str] = field(default_factory=dict)
    group_by: tuple[str, ...] = ()


def write(devices: Sequence[Described], wanted: Wanted) -> dict[str, str]:
    """The text of each file below `fleet/`."""
    label = wanted.group_by[-1] if wanted.group_by else None
    labels = {device.name: _labels(device, wanted.group_by, label) for device in devices}
    trees = _trees(devices)
    used = references(trees)
    variables = {name: value for name, value in wanted.variables.items() if name in used}
    wanted = replace(wanted, variables=variables)
    sharing = share(trees, labels, label, variables)
    for layer in sharing.exceptions:
        for name in layer.devices:
            labels[name][layer.label] = layer.value
    if wanted.fleet is None:
        for name in labels:
            labels[name]["base"] = wanted.base
    alone = len(devices) < _MEMBERS
    documents = _Documents()
    _write_shared(documents, devices, sharing, wanted, alone=alone)
    _write_groups(documents, sharing, label)
    _write_devices(documents, devices, sharing, labels, label, alone=alone)
    return documents.texts()


def write_layers(layers: Sequence[tuple[FoundLayer, Described]], wanted: Wanted) -> dict[str, str]:
    """The text of each file for deployments that target devices by their tags, as Groups."""
    documents = _Documents()
    modules: dict[str, JsonObject] = {}
    for _, described in layers:
        for name, spec in described.modules.items():
            if spec.get("image"):
                modules.setdefault(name, spec)
    for name, spec in sorted(modules.items()):
        own = wanted.modules.get(name, name)
        described_spec = _ordered(_module_without_defaults(spec))
        documents.add(f"modules/{own}.yaml", "Module", {"name": own}, described_spec)
    if wanted.fleet is not None:
        used = references([{**d.settings, "modules": dict(d.modules)} for _, d in layers])
        own_variables = {k: v for k, v in wanted.variables.items() if k in used}
        spec = {"hubs": wanted.hubs, **_some(variables=own_variables)}
        documents.add("fleet.yaml", "Fleet", {"name": wanted.fleet}, spec)
    for layer, described in layers:
        overlays = {
            name: {**_instance(name, wanted), **difference(modules.get(name, {}), spec)}
            for name, spec in described.modules.items()
            if name in modules
        }
        spec = {"selector": {"matchLabels": _selector(layer)}}
        spec |= overlay({**described.settings, "modules": overlays})
        metadata = {"name": _slug(layer.id or described.name), "priority": layer.priority}
        documents.add(f"groups/{metadata['name']}.yaml", "Group", metadata, spec)
    return documents.texts()


_EQUALS = re.compile(
    r"\s*tags\.([A-Za-z0-9_.-]+)\s*=\s*(?:'([^']*)'|\"([^\"]*)\")\s*\Z", re.IGNORECASE
)


def _selector(layer: FoundLayer) -> dict[str, str]:
    """The labels that stand for a target condition; its own label if it is not that simple."""
    labels = {}
    for part in re.split(r"\s+and\s+", layer.target_condition, flags=re.IGNORECASE):
        found = _EQUALS.match(part)
        value = (found[2] or found[3] or "") if found else ""
        if not found or not _LABEL.match(value):
            return {"deployment": _slug(layer.id or "imported")}
        labels[found[1].replace(".", "-")] = value
    return labels


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", text).strip("-._")[:63] or "imported"


def _labels(device: Described, group_by: tuple[str, ...], label: str | None) -> dict[str, str]:
    """The labels of a device: of its tag, if its value can be a label."""
    value = at(device.settings.get("tags"), group_by) if label else None
    if isinstance(value, (str, int)) and _LABEL.match(str(value)) and str(value):
        return {label: str(value)} if label else {}
    return {}


def _trees(devices: Iterable[Described]) -> Trees:
    return {
        device.name: _some(
            **device.settings,
            modules=dict(device.modules),
            present={name: {} for name in device.modules},
        )
        for device in devices
    }


# --- documents ------------------------------------------------------------------------


@dataclass(slots=True)
class _Documents:
    """The documents of each file."""

    files: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(
        self, file: str, kind: str, metadata: JsonObject, spec: JsonObject, more: str = ""
    ) -> None:
        head = {"apiVersion": API_VERSION, "kind": kind}
        text = dump_block(head) + f"metadata: {_flow(metadata)}\n"
        text += f"spec:\n{_indented(dump_block(spec))}" if spec else "" if more else "spec: {}\n"
        self.files[file].append(text + more)

    def texts(self) -> dict[str, str]:
        return {f"fleet/{file}": "---\n".join(texts) for file, texts in sorted(self.files.items())}


def _indented(text: str, by: str = "  ") -> str:
    return "".join(f"{by}{line}" if line.strip() else line for line in text.splitlines(True))


def _flow(value: Any) -> str:
    """A JSON value as YAML on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_flow(key)}: {_flow(item)}" for key, item in value.items()) + "}"
    text = dump_block(value).removesuffix("\n").removesuffix("\n...")
    return (
        f'"{text}"'
        if isinstance(value, str) and re.search(r"[,\[\]{}]", text) and text[0] not in "'\""
        else text
    )


# --- what is shared -------------------------------------------------------------------


def _write_shared(
    documents: _Documents,
    devices: Sequence[Described],
    sharing: Sharing,
    wanted: Wanted,
    *,
    alone: bool,
) -> None:
    base = dict(sharing.base)
    modules: JsonObject = base.pop("modules", {})
    present = base.pop("present", {})
    touched = [layer.settings for layer in (*sharing.groups, *sharing.exceptions)]
    touched += sharing.rest.values()
    if "edge" in base:
        base["edge"] = _without_defaults(base["edge"], touched)
        if not any("startupOrder" in spec for d in devices for spec in d.modules.values()):
            base["edge"] = _without_order(base["edge"])
    names = sorted({name for device in devices for name in device.modules})
    many = len(names) > _MANY
    for name in names:
        own = wanted.modules.get(name, name)
        spec = _module_without_defaults(modules.get(name, {}))
        file = "modules.yaml" if many else f"modules/{own}.yaml"
        documents.add(file, "Module", {"name": own}, _ordered(spec))
    defaults = {key: base[key] for key in ("tags", "desired", "edge") if base.get(key)}
    if alone:  # what only one or two devices have is theirs
        for key in ("tags", "desired"):
            defaults.pop(key, None)
        present = {}
    if present:
        defaults["modules"] = {name: _instance(name, wanted) for name in sorted(present)}
    variables = {**wanted.variables, **sharing.variables}
    if wanted.fleet is None:
        spec = {"selector": {"matchLabels": {"base": wanted.base}}}
        if variables:
            spec["variables"] = variables
        file = f"groups/{wanted.base}.yaml"
        documents.add(file, "Group", {"name": wanted.base}, {**spec, **defaults})
        return
    fleet: JsonObject = {"hubs": wanted.hubs}
    if variables:
        fleet["variables"] = variables
    if defaults:
        fleet["defaults"] = defaults
    documents.add("fleet.yaml", "Fleet", {"name": wanted.fleet}, fleet)


def _instance(name: str, wanted: Wanted) -> JsonObject:
    return {FROM: wanted.modules[name]} if wanted.modules.get(name, name) != name else {}


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
    kept = {path: value for path, value in leaves(edge) if settings.get(path, ...) != value}
    for key, name in (("agent", "edgeAgent"), ("hub", "edgeHub")):
        options = edge.get(key, {}).get("createOptions")
        overlaid = any(at(patch, ("edge", key, "createOptions")) is not None for patch in touched)
        usual = system[name]["settings"]["createOptions"]
        if options is not None and not overlaid and compact(options) == usual:
            kept = {path: v for path, v in kept.items() if path[:2] != (key, "createOptions")}
    return _ordered(tree_of(kept.items()))


def _without_order(edge: JsonObject) -> JsonObject:
    """The runtime settings without the word that edgeHub has no startup order."""
    hub = edge.get("hub", {})
    kept = {key: v for key, v in hub.items() if key != "startupOrder" or v is not None}
    return {key: v for key, v in {**edge, "hub": kept}.items() if key != "hub" or v}


def _module_without_defaults(spec: JsonObject) -> JsonObject:
    usual = {"status": "running", "restartPolicy": "always", "createOptions": {}}
    return {key: value for key, value in spec.items() if usual.get(key, ...) != value}


_ORDER = ("image", "version", "env", "createOptions", "desired")


def _ordered(spec: JsonObject) -> JsonObject:
    """A spec with its main settings first."""
    first = {key: spec[key] for key in _ORDER if key in spec}
    return {**first, **{key: value for key, value in spec.items() if key not in first}}


# --- groups ---------------------------------------------------------------------------


def _write_groups(documents: _Documents, sharing: Sharing, label: str | None) -> None:
    for layer in sharing.groups:
        file = f"groups/{label}.yaml"
        _write_group(documents, file, layer, 10)
    for layer in sharing.exceptions:
        _write_group(documents, "groups/exceptions.yaml", layer, 20)


def _write_group(documents: _Documents, file: str, layer: Layer, priority: int) -> None:
    selector = {"matchLabels": {layer.label: layer.value}}
    metadata = {"name": layer.name, "priority": priority}
    documents.add(file, "Group", metadata, {"selector": selector, **overlay(layer.settings)})


def overlay(settings: JsonObject, instances: Mapping[str, JsonObject] = {}) -> JsonObject:
    """Settings as an overlay has them: the modules that a device has, among their settings."""
    spec = {key: settings[key] for key in ("tags", "desired", "edge") if settings.get(key)}
    modules: JsonObject = {}
    for name, present in settings.get("present", {}).items():
        modules[name] = None if present is None else dict(instances.get(name, {}))
    for name, patch in settings.get("modules", {}).items():
        modules[name] = {**(modules.get(name) or {}), **patch}
    if modules:
        spec["modules"] = dict(sorted(modules.items()))
    return spec


# --- devices --------------------------------------------------------------------------


def _write_devices(
    documents: _Documents,
    devices: Sequence[Described],
    sharing: Sharing,
    labels: Mapping[str, Mapping[str, str]],
    label: str | None,
    *,
    alone: bool,
) -> None:
    sets: dict[str, list[Described]] = defaultdict(list)
    for device in devices:
        rest = overlay(sharing.rest.get(device.name, {}))
        if alone or rest or device.identity:
            spec = _device_spec(device, sharing, rest, alone=alone)
            metadata = {"name": device.name, **_some(labels=dict(labels[device.name]))}
            documents.add("devices/single.yaml", "Device", metadata, spec)
        else:
            group = labels[device.name].get(label, "") if label else ""
            sets[f"{device.kind}/{group}"].append(device)
    many = len(sets) > _MANY
    for key, members in sorted(sets.items()):
        kind, _, group = key.partition("/")
        name = group or "devices"
        if kind != EdgeKind.MANAGED.value and len({k.partition("/")[2] for k in sets}) < len(sets):
            name = f"{name}-{kind}"
        file = "devices.yaml" if many else f"devices/{name}.yaml"
        _write_set(documents, file, name, members, sharing, labels)


def _write_set(
    documents: _Documents,
    file: str,
    name: str,
    members: Sequence[Described],
    sharing: Sharing,
    labels: Mapping[str, Mapping[str, str]],
) -> None:
    counted = Counter(item for member in members for item in labels[member.name].items())
    common = {
        key: value for (key, value), count in sorted(counted.items()) if count == len(members)
    }
    template: JsonObject = {**_some(labels=common), "spec": _edge(members[0].kind)}
    lines = []
    for member in members:
        own = {k: v for k, v in sorted(labels[member.name].items()) if k not in common}
        entry = {
            "name": member.name,
            **_some(labels=own, variables=sharing.own_variables.get(member.name, {})),
        }
        lines.append(f"    - {_flow(entry)}\n")
    more = "  devices:\n" + "".join(lines)
    documents.add(file, "DeviceSet", {"name": name}, {"template": template}, more)


def _device_spec(
    device: Described, sharing: Sharing, rest: JsonObject, *, alone: bool
) -> JsonObject:
    spec: JsonObject = _edge(device.kind)
    spec |= device.identity
    if variables := sharing.own_variables.get(device.name):
        spec["variables"] = variables
    if alone:
        own = {key: device.settings[key] for key in ("tags", "desired") if device.settings.get(key)}
        modules: JsonObject = {name: {} for name in sorted(device.modules)}
        for name, patch in rest.get("modules", {}).items():
            if patch is not None:
                modules[name] = patch
        spec |= own
        if "edge" in rest:
            spec["edge"] = rest["edge"]
        if modules:
            spec["modules"] = modules
        return spec
    if "edge" in rest:
        spec["edge"] = rest.pop("edge")
    return {**spec, **rest}


def _edge(kind: EdgeKind) -> JsonObject:
    if kind is EdgeKind.NONE:
        return {}
    return {"edge": "external" if kind is EdgeKind.EXTERNAL else True}


def _some(**values: Any) -> JsonObject:
    return {key: value for key, value in values.items() if value}
