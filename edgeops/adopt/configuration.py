"""Automatic and layered deployments, and device configurations, of a hub.

`az iot edge deployment show` and `list` print them, `az iot hub configuration show` and `list`, and
the IoT Edge Deployment Engine keeps them as files.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from edgeops.adopt.found import FoundLayer, LayerKind
from edgeops.adopt.manifest import modules_content, read_content, read_entry
from edgeops.adopt.reading import Path, Reading
from edgeops.fleet.shown import shown
from edgeops.jsonvalue import JsonObject


def is_configuration(value: Any) -> bool:
    """Whether a value is one configuration of a hub: content, and mostly whom it targets."""
    content = value.get("content") if isinstance(value, dict) else None
    if not isinstance(content, dict):
        return False
    targeted = "targetCondition" in value or ("id" in value and "priority" in value)
    return targeted or isinstance(content.get("deviceContent"), dict)


def read_configuration(reading: Reading, value: JsonObject, path: Path = ()) -> None:
    """Add one automatic or layered deployment, or device configuration."""
    name = reading.text(value.get("id"), (*path, "id")) or reading.stem
    priority = value.get("priority")
    if priority is not None and (isinstance(priority, bool) or not isinstance(priority, int)):
        reading.problem((*path, "priority"), f"is not a whole number: {shown(priority)}")
        priority = 0
    labels = reading.object(value.get("labels"), (*path, "labels"))
    condition = reading.text(value.get("targetCondition"), (*path, "targetCondition"))
    layer = FoundLayer(
        name,
        reading.place(path),
        LayerKind.DEVICES,
        target_condition=condition or "",
        priority=priority or 0,
        labels={key: str(label) for key, label in labels.items()},
    )
    found = modules_content(value)
    if found:
        content = read_content(reading, found[0], (*path, *found[1]))
        kind = LayerKind.LAYERED if content.layered else LayerKind.AUTOMATIC
        layer = replace(layer, kind=kind, content=content.modules, whole=content.whole)
        reading.layers.append(layer)
        return
    device = value["content"].get("deviceContent")
    if isinstance(device, dict):
        desired, _ = read_entry(reading, "", device, (*path, "content", "deviceContent"))
        reading.layers.append(replace(layer, desired=desired))
        return
    text = f"the configuration `{shown(name)}` is not of devices or deployments; it is ignored"
    reading.note(path, text)
