"""Writing twins: merge patches and replacements, with versions, metadata and limits.

Source: "Understand and use device twins in IoT Hub", Microsoft Learn.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import orjson

from edgeops.jsonvalue import JsonObject, merge_patch, same
from edgeops.localhub import limits
from edgeops.localhub.state import errors
from edgeops.localhub.state.entry import RegistryEntry, Section, TwinState
from edgeops.localhub.state.json_text import count_values, require_object
from edgeops.localhub.state.moment import Moment

# Section name (tags, desired, reported) -> the patch; None clears the section.
Sections = dict[str, JsonObject | None]

_LIMITS = {
    "tags": ("Tags", limits.MAX_TAGS),
    "desired": ("Properties.Desired", limits.MAX_DESIRED),
    "reported": ("Properties.Reported", limits.MAX_REPORTED),
}

# Limits of the local hub only, above what ordinary sections within Azure's limits have: the
# number of values in a section, and the ratio of its JSON size to the size that Azure counts.
MAX_VALUES = 5_000
MAX_JSON_RATIO = 4


@dataclass(frozen=True, slots=True)
class DesiredChange:
    """The merge patch of desired properties that a connected device receives."""

    device: str
    module: str
    version: int
    patch: JsonObject


@dataclass(frozen=True, slots=True)
class TwinWrite:
    """An entry after a write of its twin, and the change to send to its device, if any."""

    entry: RegistryEntry
    change: DesiredChange | None = None


def fresh_twin(moment: Moment) -> TwinState:
    """The twin of a new identity: empty, at version 1."""
    metadata = {"$lastUpdated": moment.timestamp}
    return TwinState({}, Section(metadata=metadata), Section(metadata=metadata))


def sections_of(body: Any) -> Sections:
    """The sections that a request body names: tags, and properties.desired / .reported.

    The hub's own `$version` and `$metadata` are dropped.
    """
    body = require_object(body)
    properties = body.get("properties")
    if not isinstance(properties, dict | None):
        raise errors.invalid("'properties' must be an object.")
    sections = {"tags": body["tags"]} if "tags" in body else {}
    sections.update({key: value for key, value in (properties or {}).items() if key in _LIMITS})
    for name, value in sections.items():
        if not isinstance(value, dict | None):
            raise errors.invalid(f"'{_LIMITS[name][0]}' must be an object.")
    return {name: _without_hub_keys(value) for name, value in sections.items()}


def patched(entry: RegistryEntry, sections: Sections, moment: Moment) -> TwinWrite:
    """The entry with merge patches applied (RFC 7396).

    The version of a named section increases even when no value changes, as on
    Azure. Raises `HubFault` when the result exceeds a limit.
    """
    before = entry.twin
    tags, desired, reported = before.tags, before.desired, before.reported
    change = None
    if "reported" in sections:
        reported = _patch_section(reported, sections["reported"], "reported", moment)
    if "tags" in sections:
        patch = sections["tags"]
        tags = _within_limits("tags", {} if patch is None else merge_patch(tags, patch))
    if "desired" in sections:
        patch = sections["desired"]
        desired = _patch_section(desired, patch, "desired", moment)
        if patch is None:
            patch = dict.fromkeys(before.desired.values)
        change = _change(entry, desired, patch)
    revision = before.revision + bool(sections.keys() & {"tags", "desired"})
    twin = TwinState(tags, desired, reported, revision)
    return TwinWrite(replace(entry, twin=twin), change)


def replaced(entry: RegistryEntry, sections: Sections, moment: Moment) -> TwinWrite:
    """The entry with tags and desired properties replaced; a section not named becomes empty."""
    tags = merge_patch({}, sections.get("tags") or {})
    write = desired_replaced(entry, sections.get("desired") or {}, moment)
    twin = replace(write.entry.twin, tags=_within_limits("tags", tags))
    return replace(write, entry=replace(entry, twin=twin))


def desired_replaced(entry: RegistryEntry, desired: JsonObject, moment: Moment) -> TwinWrite:
    """The entry with desired properties replaced; tags stay."""
    before = entry.twin.desired
    values = _within_limits("desired", merge_patch({}, desired))
    version = before.version + 1
    section = Section(values, _metadata_of(values, _touch("desired", version, moment)), version)
    twin = replace(entry.twin, desired=section, revision=entry.twin.revision + 1)
    patch = _replacing(before.values, values)
    return TwinWrite(replace(entry, twin=twin), _change(entry, section, patch))


def desired_becoming(entry: RegistryEntry, desired: JsonObject, moment: Moment) -> TwinWrite:
    """The entry with these desired properties; it has no new version when they are the same."""
    patch = _replacing(entry.twin.desired.values, desired)
    return patched(entry, {"desired": patch}, moment) if patch else TwinWrite(entry)


def patches_to(entry: RegistryEntry, sections: Sections) -> Sections:
    """The patches by which tags and desired properties become these; none for what is the same."""
    before = {"tags": entry.twin.tags, "desired": entry.twin.desired.values}
    patches: Sections = {}
    for name, after in sections.items():
        if patch := _replacing(before[name], merge_patch({}, after or {})):
            patches[name] = patch
    return patches


def _change(entry: RegistryEntry, desired: Section, patch: JsonObject) -> DesiredChange:
    return DesiredChange(entry.identity.device, entry.identity.module, desired.version, patch)


def _without_hub_keys(value: JsonObject | None) -> JsonObject | None:
    if value is None:
        return None
    return {key: item for key, item in value.items() if key not in ("$version", "$metadata")}


def _patch_section(
    section: Section, patch: JsonObject | None, name: str, moment: Moment
) -> Section:
    version = section.version + 1
    touch = _touch(name, version, moment)
    if patch is None:
        return Section({}, touch, version)
    values = _within_limits(name, merge_patch(section.values, patch))
    return Section(values, _patched_metadata(section.metadata, values, patch, touch), version)


def _within_limits(name: str, values: JsonObject) -> JsonObject:
    section, max_bytes = _LIMITS[name]
    # Azure's size leaves out much that takes time and memory all the same.
    size = len(orjson.dumps(values))
    too_many = size > MAX_VALUES and count_values(values) > MAX_VALUES
    if too_many or size > MAX_JSON_RATIO * max_bytes:
        raise errors.section_too_big(section, max_bytes)
    try:
        counted = limits.size_of(values)
    except limits.LimitExceeded as broken:
        raise errors.invalid(
            f"{broken.message}. Error in Property/Tag {section}{broken.at}."
        ) from None
    if counted > max_bytes:
        raise errors.section_too_big(section, max_bytes)
    return values


# --- metadata: $lastUpdated at every object and value ---------------------------


def _touch(name: str, version: int, moment: Moment) -> JsonObject:
    """The metadata of a value that is written now."""
    version_key = {"$lastUpdatedVersion": version} if name == "desired" else {}
    return {"$lastUpdated": moment.timestamp, **version_key}


def _metadata_of(value: Any, touch: JsonObject) -> JsonObject:
    if not isinstance(value, dict):
        return touch
    return touch | {key: _metadata_of(item, touch) for key, item in value.items()}


def _patched_metadata(
    metadata: JsonObject, values: JsonObject, patch: JsonObject, touch: JsonObject
) -> JsonObject:
    merged = metadata | touch
    for key, change in patch.items():
        if key not in values:
            merged.pop(key, None)
        elif isinstance(change, dict):
            merged[key] = _patched_metadata(metadata.get(key, {}), values[key], change, touch)
        else:
            merged[key] = touch
    return merged


def _replacing(before: JsonObject, after: JsonObject) -> JsonObject:
    """The merge patch from one value to another: devices always receive patches."""
    patch: JsonObject = dict.fromkeys(before.keys() - after.keys())
    for key, value in after.items():
        old = before.get(key)
        if isinstance(value, dict) and isinstance(old, dict):
            if nested := _replacing(old, value):
                patch[key] = nested
        elif key not in before or not same(old, value):
            patch[key] = value
    return patch
