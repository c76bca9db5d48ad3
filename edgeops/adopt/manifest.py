"""Deployment manifests: `{"modulesContent": ...}` of the portal, az and the IoT Edge tools.

The same object stands in automatic and layered deployments; there, keys such as
`properties.desired.modules.camera` name a part of the desired properties. Sources: "Learn how to
deploy modules and establish routes in IoT Edge", "Understand IoT Edge automatic deployments"
(Microsoft Learn).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edgeops.adopt.found import FoundDevice, FoundLayer, LayerKind
from edgeops.adopt.reading import Path, Reading, names_alike
from edgeops.fleet.shown import shown
from edgeops.jsonvalue import JsonObject
from edgeops.twin import EDGE_AGENT

CONTENTS = ("modulesContent", "moduleContent")  # the second is older
DESIRED = "properties.desired"


@dataclass(frozen=True, slots=True)
class Content:
    """The desired properties of each module, and which modules are given as a whole."""

    modules: Mapping[str, JsonObject]
    whole: frozenset[str] = frozenset()
    tags: Mapping[str, JsonObject] = field(default_factory=dict)

    @property
    def layered(self) -> bool:
        """Whether it only adds to another deployment: it does not say what the agent runs."""
        return EDGE_AGENT not in self.whole


def modules_content(value: Any) -> tuple[Any, Path] | None:
    """The content of a manifest and the keys above it, `content` among them or not."""
    if not isinstance(value, dict):
        return None
    for key in CONTENTS:
        if isinstance(value.get(key), dict) and _names_modules(value[key]):
            return value[key], (key,)
    inner = modules_content(value["content"]) if "content" in value else None
    return (inner[0], ("content", *inner[1])) if inner else None


def _names_modules(content: JsonObject) -> bool:
    """Whether its keys are modules, not `properties.desired...` as in a module configuration."""
    return not any(key.startswith("properties.") for key in content)


def read_manifest(reading: Reading, value: JsonObject) -> None:
    """Add the device of a manifest, or the layer if it only adds to other deployments."""
    found = modules_content(value)
    if not found:
        reading.problem((), "has no `modulesContent` object", "is it a deployment manifest?")
        return
    content = read_content(reading, *found)
    if content.layered and any(map(_names_parts, found[0].values())):
        reading.layers.append(
            FoundLayer(
                reading.stem,
                reading.place(found[1]),
                LayerKind.LAYERED,
                content=content.modules,
                whole=content.whole,
            )
        )
        return
    if content.layered:
        reading.problem(
            found[1],
            "has no `$edgeAgent` with desired properties",
            "a deployment manifest says there what the device runs",
        )
        return
    reading.devices.append(
        FoundDevice(
            reading.device,
            reading.place(found[1]),
            edge=True,
            modules=content.modules,
            module_tags=content.tags,
        )
    )


def read_content(reading: Reading, content: JsonObject, path: Path) -> Content:
    """The desired properties of each module of a `modulesContent`."""
    modules: dict[str, JsonObject] = {}
    tags: dict[str, JsonObject] = {}
    whole = set()
    for name, entry in content.items():
        at = (*path, name)
        members = reading.object(entry, at)
        desired, complete = read_entry(reading, name, members, at)
        module = reading.add(modules, name, desired, path)
        if complete:
            whole.add(module)
        if isinstance(members.get("tags"), dict):
            tags[module] = reading.section(members["tags"], (*at, "tags"))
    for one, other in names_alike(modules):
        reading.note((*path, other), f"`{shown(other)}` and `{shown(one)}` differ in case only")
    return Content(modules, frozenset(whole), tags)


def _names_parts(entry: Any) -> bool:
    return isinstance(entry, dict) and any(key.startswith(f"{DESIRED}.") for key in entry)


def read_entry(
    reading: Reading, module: str, entry: JsonObject, path: Path
) -> tuple[JsonObject, bool]:
    """The desired properties of one module, and whether they are given as a whole."""
    desired: JsonObject = {}
    complete = False
    for key, value in entry.items():
        at = (*path, key)
        if key == DESIRED:
            desired = _merged(desired, reading.section(value, at, module))
            complete = True
        elif key.startswith(f"{DESIRED}."):
            desired = _merged(desired, reading.part(key.split(".")[2:], value, at, module))
        elif key == "properties" and isinstance(value, dict) and "desired" in value:
            part = reading.section(value["desired"], (*at, "desired"), module)
            desired = _merged(desired, part)
            complete = True
        elif key not in ("tags", "moduleId", "etag"):
            reading.note(at, f"`{shown(key)}` is not a part of a manifest; it is ignored")
    return desired, complete


def _merged(value: JsonObject, other: JsonObject) -> JsonObject:
    """Both objects in one; unlike in a merge patch, null is a value."""
    result = dict(value)
    for key, item in other.items():
        below = result.get(key)
        if isinstance(below, dict) and isinstance(item, dict):
            result[key] = _merged(below, item)
        else:
            result[key] = item
    return result
