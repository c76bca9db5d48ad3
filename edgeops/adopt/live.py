"""Between what was found in files and live devices, where texts are as the hub has them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from edgeops.adopt.found import FoundDevice, Placeholder
from edgeops.adopt.options import OPTIONS, UNPARSED, BadOptions, joined, kept, with_settings
from edgeops.adopt.placeholders import escape, filled
from edgeops.fleet.model import Place
from edgeops.jsonvalue import JsonObject
from edgeops.twin import EDGE_AGENT, LiveDevice, Twin


def found_of(device: LiveDevice, source: str) -> FoundDevice:
    """A live device as if a file had described it; `source` says where it is from."""
    twin = device.twin
    return FoundDevice(
        twin.device,
        Place(source),
        edge=twin.edge,
        tags=_escaped(twin.tags),
        desired=_escaped(twin.desired),
        modules={
            name: _escaped(
                with_settings(module.desired, _joined) if name == EDGE_AGENT else module.desired
            )
            for name, module in device.modules.items()
        },
        module_tags={
            n: _escaped(module.tags) for n, module in device.modules.items() if module.tags
        },
        authentication=twin.authentication,
        thumbprints=tuple(twin.thumbprints.values()),
        status=twin.status,
        parents=(twin.parent,) if twin.parent else (),
        automatic=device.modules[EDGE_AGENT].configurations if EDGE_AGENT in device.modules else (),
    )


def live_of(device: FoundDevice, values: Mapping[str, Any]) -> LiveDevice:
    """The device as a hub would have it once variables have these values."""
    name = device.id or ""
    twin = Twin(
        name,
        tags=filled(device.tags or {}, values),
        desired=filled(device.desired or {}, values),
        edge=bool(device.edge),
        authentication=device.authentication or "sas",
        thumbprints=dict(zip(("primary", "secondary"), device.thumbprints, strict=False)),
        status=device.status or "enabled",
        parent=device.parents[0] if device.parents else "",
    )
    modules = {}
    for module, desired in device.modules.items():
        live = filled(desired, values)
        modules[module] = Twin(
            name,
            module,
            tags=filled(device.module_tags.get(module, {}), values),
            desired=with_settings(live, _as_text) if module == EDGE_AGENT else live,
            configurations=device.automatic if module == EDGE_AGENT else (),
        )
    agent = modules[EDGE_AGENT].desired if EDGE_AGENT in modules else {}
    deployed = agent.get("modules")
    for module in deployed if isinstance(deployed, dict) else ():
        modules.setdefault(module, Twin(name, module))  # the hub makes one for each
    return LiveDevice(twin, modules)


def known_values(placeholders: Mapping[str, Placeholder]) -> dict[str, Any]:
    """The value of every variable; one without a value has its spelling in the file."""
    return {name: _value(entry) for name, entry in placeholders.items()}


def _value(entry: Placeholder) -> Any:
    if entry.value is None or entry.quoted:
        return entry.original if entry.value is None else entry.value
    try:
        return json.loads(entry.value)
    except ValueError:
        return entry.value


def _joined(_: tuple[str, str], settings: JsonObject) -> JsonObject:
    try:
        return joined(settings)
    except BadOptions:
        return kept(settings)


def _as_text(_: tuple[str, str], settings: JsonObject) -> JsonObject:
    rest = {key: value for key, value in settings.items() if key not in (OPTIONS, UNPARSED)}
    if UNPARSED in settings:
        return {**rest, OPTIONS: settings[UNPARSED]}
    if OPTIONS not in settings:
        return rest
    return {**rest, OPTIONS: json.dumps(settings[OPTIONS], sort_keys=True, separators=(",", ":"))}


def _escaped(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _escaped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_escaped(item) for item in value]
    return escape(value) if isinstance(value, str) else value
