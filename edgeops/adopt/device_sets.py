"""Writes devices: alike ones as DeviceSets, the others one by one."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from edgeops.adopt.documents import Documents, members, overlay, some
from edgeops.adopt.names import Names
from edgeops.adopt.share import SharedLayer, Sharing
from edgeops.adopt.spec import Described
from edgeops.fleet.model import EdgeKind
from edgeops.jsonvalue import JsonObject
from edgeops.secret_reference import values_in

MANY = 8  # documents of a kind that each get a file of their own

_A_KIND = 3  # values that devices have in common from which on they are a set of their own
_WORDS = {
    EdgeKind.MANAGED: "edge-devices",
    EdgeKind.EXTERNAL: "external-devices",
    EdgeKind.NONE: "plain-devices",
}


@dataclass(slots=True)
class _Set:
    """Alike devices: the words of its name, and the groups that they alone have."""

    kind: EdgeKind
    words: list[str]
    devices: list[Described]
    own: list[SharedLayer] = field(default_factory=list)


def write_single(
    documents: Documents,
    devices: Sequence[Described],
    sharing: Sharing,
    labels: Mapping[str, Mapping[str, str]],
    instances: Mapping[str, JsonObject],
) -> None:
    """Devices that are so few that each says what it has."""
    for device in devices:
        spec = _edge(device.kind) | device.identity
        own = {key: device.settings[key] for key in ("tags", "desired") if device.settings.get(key)}
        patches = sharing.rest.get(device.name, {})
        settings = {
            **own,
            "edge": patches.get("edge"),
            "present": {name: {} for name in sorted(device.modules)},
            "modules": patches.get("modules", {}),
        }
        metadata = {"name": device.name, **some(labels=dict(labels[device.name]))}
        spec |= overlay(settings, instances)
        documents.add(f"devices/{device.name}.yaml", "Device", metadata, spec)


def write_sets(
    documents: Documents,
    devices: Sequence[Described],
    sharing: Sharing,
    groups: Mapping[str, str],
    labels: Mapping[str, Mapping[str, str]],
    instances: Mapping[str, JsonObject],
    taken: Names,
) -> list[SharedLayer]:
    """Sets of alike devices, and the others; returns the exceptions that are left to be groups.

    `groups` has the label value by which each device is grouped, `labels` all its labels but those
    of exceptions, `taken` the names of DeviceSets that exist.
    """
    alike = [d for d in devices if not _is_single(d, sharing)]
    sets = _sets(alike, groups, sharing.exceptions)
    left = _fold(sets, sharing.exceptions)
    every = {device.name: dict(labels[device.name]) for device in devices}
    for layer in left:
        for name in sorted(layer.devices):
            every[name][layer.label] = layer.value
    names = Names()
    for device in devices:
        if _is_single(device, sharing):
            spec = _edge(device.kind) | device.identity
            spec |= some(variables=sharing.own_variables.get(device.name, {}))
            spec |= overlay(sharing.rest.get(device.name, {}), instances)
            metadata = {"name": device.name, **some(labels=every[device.name])}
            documents.add("devices/single.yaml", "Device", metadata, spec)
            names = Names(["single"])
    for entry in sets:
        name = names.new("-".join(entry.words) or "devices")
        file = "devices.yaml" if len(sets) > MANY else f"devices/{name}.yaml"
        _write_set(documents, file, taken.new(name), entry, sharing, every, instances)
    return left


def _is_single(device: Described, sharing: Sharing) -> bool:
    """Whether a device has something that its set would not say."""
    rest = sharing.rest.get(device.name, {})
    return any(True for _ in values_in(rest)) or isinstance(
        device.identity.get("authentication"), dict
    )


def _sets(
    devices: Sequence[Described], groups: Mapping[str, str], exceptions: Sequence[SharedLayer]
) -> list[_Set]:
    """Devices of one kind, group and identity; those with other modules apart if that makes few."""
    by_key: dict[tuple[str, str, str], list[Described]] = {}
    for device in devices:
        identity = json.dumps(device.identity, sort_keys=True)
        key = groups.get(device.name, ""), device.kind.value, identity
        by_key.setdefault(key, []).append(device)
    kinds = {kind for _, kind, _ in by_key}
    shared = Counter(group for group, _, _ in by_key)
    sets = []
    for (group, kind, identity), members_ in sorted(by_key.items()):
        words = [group] if group else []
        if len(kinds) > 1 and (not group or shared[group] > 1):
            words.append(_WORDS[EdgeKind(kind)])
        if identity != "{}":
            words += _identity_words(members_[0].identity)
        sets.append(_Set(EdgeKind(kind), words, members_))
    for layer in exceptions:
        adds = any(path[0] == "present" for path, _ in values_in(layer.settings))
        if adds or sum(1 for _ in values_in(layer.settings)) >= _A_KIND:
            apart = _apart(sets, layer)
            if len(apart) <= MANY:
                sets = apart
    return sets


def _identity_words(identity: JsonObject) -> list[str]:
    said = [str(identity[key]) for key in ("parent", "authentication", "status") if key in identity]
    return [*said, *(["protected"] if "protect" in identity else [])]


def _apart(sets: Sequence[_Set], layer: SharedLayer) -> list[_Set]:
    """The sets with the devices that an exception selects apart from the others."""
    result = []
    for entry in sets:
        within = [d for d in entry.devices if d.name in layer.devices]
        without = [d for d in entry.devices if d.name not in layer.devices]
        if not within or not without:
            result.append(entry)
            continue
        result.append(_Set(entry.kind, [*entry.words, _short(layer)], within))
        result.append(_Set(entry.kind, entry.words, without))
    return result


def _short(layer: SharedLayer) -> str:
    return layer.name.removeprefix("with-")


def _fold(sets: Sequence[_Set], exceptions: Sequence[SharedLayer]) -> list[SharedLayer]:
    """Give each exception that selects just one set to it; returns the others."""
    by_members = {frozenset(d.name for d in entry.devices): entry for entry in sets}
    left = []
    for layer in exceptions:
        if entry := by_members.get(layer.devices):
            entry.own.append(layer)
            entry.words = entry.words or [_short(layer)]
        else:
            left.append(layer)
    return left


def _write_set(
    documents: Documents,
    file: str,
    name: str,
    entry: _Set,
    sharing: Sharing,
    labels: Mapping[str, Mapping[str, str]],
    instances: Mapping[str, JsonObject],
) -> None:
    counted = Counter(item for d in entry.devices for item in labels[d.name].items())
    common = {k: v for (k, v), count in sorted(counted.items()) if count == len(entry.devices)}
    spec = _edge(entry.kind) | entry.devices[0].identity
    settings: dict[str, Any] = {}
    for layer in entry.own:
        settings = _both(settings, layer.settings)
    spec |= overlay(settings, instances)
    lines = []
    for device in entry.devices:
        own = {k: v for k, v in sorted(labels[device.name].items()) if k not in common}
        variables = sharing.own_variables.get(device.name, {})
        lines.append({"name": device.name, **some(labels=own, variables=variables)})
    template = {**some(labels=common), "spec": spec}
    documents.add(file, "DeviceSet", {"name": name}, {"template": template}, members(lines))


def _both(one: JsonObject, other: JsonObject) -> JsonObject:
    """Two trees of settings with different leaves in one."""
    result = dict(one)
    for key, value in other.items():
        inner = result.get(key)
        both = isinstance(inner, dict) and isinstance(value, dict)
        result[key] = _both(result[key], value) if both else value
    return result


def _edge(kind: EdgeKind) -> JsonObject:
    if kind is EdgeKind.NONE:
        return {}
    return {"edge": "external" if kind is EdgeKind.EXTERNAL else True}
