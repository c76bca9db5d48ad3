"""The file that `az iot hub state export` writes: devices with their modules, and configurations.

Source: `StateProvider` of the az tool's extension azure-iot. Its part `arm` is not read.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from edgeops.adopt.configuration import is_configuration, read_configuration
from edgeops.adopt.reading import Path, Reading
from edgeops.adopt.twins import device_of
from edgeops.fleet.shown import shown
from edgeops.jsonvalue import JsonObject

_CONFIGURATIONS = ("edgeDeployments", "admConfigurations")


def is_state(value: Any) -> bool:
    """Whether a value is the exported state of a hub."""
    if not isinstance(value, dict):
        return False
    devices, configurations = value.get("devices"), value.get("configurations")
    if isinstance(devices, dict) and devices:
        return all(isinstance(device, dict) and "identity" in device for device in devices.values())
    return isinstance(configurations, dict) and any(
        key in configurations for key in _CONFIGURATIONS
    )


def read_state(reading: Reading, value: JsonObject) -> None:
    """Add all devices and configurations of a hub."""
    for name, device in reading.object(value.get("devices"), ("devices",)).items():
        _read_device(reading, name, device, ("devices", name))
    configurations = reading.object(value.get("configurations"), ("configurations",))
    for kind in _CONFIGURATIONS:
        at = ("configurations", kind)
        for name, configuration in reading.object(configurations.get(kind), at).items():
            if is_configuration(configuration):
                read_configuration(reading, {"id": name, **configuration}, (*at, name))
            else:
                reading.problem((*at, name), f"`{shown(name)}` is not a configuration")


def _read_device(reading: Reading, name: str, value: JsonObject, path: Path) -> None:
    identity = reading.object(value.get("identity"), (*path, "identity"))
    twin = reading.object(value.get("twin"), (*path, "twin"))
    device = device_of(reading, name, identity, (*path, "identity"))
    sections = device_of(reading, name, twin, (*path, "twin"))
    modules, tags = {}, {}
    for module, entry in reading.object(value.get("modules"), (*path, "modules")).items():
        at = (*path, "modules", module, "twin")
        twin_of = reading.object(reading.object(entry, at[:-1]).get("twin"), at)
        properties = reading.object(twin_of.get("properties"), (*at, "properties"))
        modules[module] = reading.section(
            properties.get("desired"), (*at, "properties", "desired"), module
        )
        if twin_of.get("tags"):
            tags[module] = reading.section(twin_of["tags"], (*at, "tags"))
    parent = reading.text(value.get("parent"), (*path, "parent"))
    reading.devices.append(
        replace(
            device,
            place=reading.place(path),
            tags=sections.tags or {},
            desired=sections.desired or {},
            modules=modules,
            module_tags=tags,
            parents=(parent,) if parent else (),
        )
    )
