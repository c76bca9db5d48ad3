"""What git leaves to others: pointers of `ignore`, and a device without what they name.

A pointer is in the words of the manifest; on the hub it stands for paths in the twins of the device
and its modules.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from edgeops.configuration import Paths
from edgeops.fleet.catalog import Catalog
from edgeops.fleet.edge import AS_WRITTEN, RUNTIME_SETTINGS, SYSTEM_MODULES
from edgeops.fleet.finding import Finding
from edgeops.fleet.layers import PARTS, Path
from edgeops.fleet.model import MODEL_LOADER, DesiredDevice, DesiredModule, Problem
from edgeops.fleet.shown import shown
from edgeops.jsonvalue import JsonObject, keys_of
from edgeops.secret_reference import is_secret
from edgeops.twin import EDGE_AGENT, EDGE_HUB

_MODULES = "modules"  # in manifests, in `$edgeAgent`, and the identities in a stamp
_BAD_ESCAPE = re.compile(r"~(?![01])")

_OPTIONS = ("createOptions", "storage")  # one text on the hub, in chunks
_CHUNKS = ("createOptions", *(f"createOptions{index:02}" for index in range(1, 32)))


class _NotIgnorable(Exception):
    """A pointer of `ignore` that names nothing on the hub; its arguments: message and hint."""


@dataclass(slots=True)
class _Left:
    """What is left to others: paths by section of a stamp, and below the twins of modules.

    `wholly` has the modules of which nothing is edgeops'.
    """

    sections: dict[str, set[Path]] = field(default_factory=dict)
    twins: dict[str, set[Path]] = field(default_factory=dict)
    wholly: set[str] = field(default_factory=set)

    def add(self, section: str, *paths: Path) -> None:
        self.sections.setdefault(section, set()).update(paths)


def ignore_problems(catalog: Catalog) -> Iterator[Problem]:
    """Pointers of `ignore` that name nothing that edgeops could write."""
    for layer in catalog.overlays:
        for index, pointer in enumerate(layer.value.get("ignore", ())):
            try:
                _leave(pointer, {}, _Left())
            except _NotIgnorable as fault:
                message, hint = fault.args
                at = f"{layer.pointer}/ignore/{index}"
                yield layer.document.problem(at, f"`{shown(pointer)}` {message}", hint)


def without_ignored(device: DesiredDevice) -> DesiredDevice:
    """The device without the values that it ignores, and with the paths of these on the hub.

    What IoT Edge needs to start a module at all remains the default of a new one.
    """
    left = _left(device)
    if not (left.sections or left.twins):
        return device
    ignored = {section: frozenset(paths) for section, paths in left.sections.items()}
    tags, desired = (ignored.get(part, frozenset()) for part in ("tags", "desired"))
    modules = {
        name: _module_without(module, frozenset(left.twins.get(name, ())))
        for name, module in device.modules.items()
        if name not in left.wholly
    }
    slots = left.twins.get(MODEL_LOADER, set())
    models = {
        slot: release
        for slot, release in device.models.items()
        if not any(("models", slot)[: len(path)] == path[:2] for path in slots)
    }
    content = {
        name: _content_without(named, ignored.get(name, frozenset()), left.wholly)
        for name, named in device.edge_content.items()
    }
    return replace(
        device,
        tags=outside(device.tags, tags),
        desired=outside(device.desired, desired),
        modules=modules,
        models=models,
        edge_content=content,
        edge_defaults=_defaults_without(device, left.wholly),
        ignored=ignored,
    )


def ignore_findings(device: DesiredDevice, document: JsonObject) -> Iterator[Finding]:
    """Values that git sets and leaves to others; `document` is the whole device."""
    for pointer in device.ignore:
        path = keys_of(pointer)
        try:
            _leave(pointer, device.modules, _Left())
        except _NotIgnorable:
            continue  # `ignore_problems`
        if path[0] == "edge" and path[1].endswith("Image"):  # the old name of `agent.image`
            path = ("edge", path[1].removesuffix("Image"), "image")
        depth, value = _found(document, path)
        at, place = path[:depth], "/".join(path[:depth])
        if depth < len(path) and isinstance(value, list):
            whole = "/" + "/".join(pointer.split("/")[1 : depth + 1])
            yield Finding(
                at,
                f"`ignore` names `{shown(pointer)}`, but `{place}` is a list here, and a list is"
                " written as a whole",
                f"ignore `{shown(whole)}`",
            )
        elif depth == len(path) or (depth > 1 and not isinstance(value, dict)):
            yield Finding(
                at,
                f"`{place}` is not written: `ignore` leaves `{shown(pointer)}` to others",
                "remove one of them",
                warning=True,
            )


def outside(content: JsonObject, paths: Iterable[Path]) -> JsonObject:
    """The content without what overlaps with these paths, and without objects that this empties."""
    rest = content
    for path in paths:
        rest = _less(rest, path)
    return rest


def _less(value: JsonObject, path: Path) -> JsonObject:
    if not path:
        return {}
    key, *below = path
    if key not in value:
        return value
    rest = {name: item for name, item in value.items() if name != key}
    inner = value[key]
    if below and isinstance(inner, dict) and inner and not is_secret(inner):
        left = _less(inner, tuple(below))
        return {**value, key: left} if left else rest
    return rest


# --- a device without what it ignores -------------------------------------------------


def _left(device: DesiredDevice) -> _Left:
    left = _Left()
    for pointer in device.ignore:
        try:
            _leave(pointer, device.modules, left)
        except _NotIgnorable:
            continue  # `ignore_problems`
    return left


def _module_without(module: DesiredModule, paths: Paths) -> DesiredModule:
    if not paths:
        return module
    return replace(module, desired=outside(module.desired, paths), ignored=paths)


def _content_without(content: JsonObject, paths: Paths, wholly: set[str]) -> JsonObject:
    """What git names of `$edgeAgent` or `$edgeHub`; a module of which nothing is left is named."""
    rest = outside(content, paths)
    listed = content.get(_MODULES, {}).keys() - wholly
    named = rest.get(_MODULES, {})
    if listed == named.keys():
        return rest
    return {**rest, _MODULES: {name: named.get(name, {}) for name in sorted(listed)}}


def _defaults_without(device: DesiredDevice, wholly: set[str]) -> Mapping[str, JsonObject]:
    """The defaults, with the images of git: a module cannot start without one."""
    if EDGE_AGENT not in device.edge_defaults:
        return device.edge_defaults
    agent = outside(device.edge_defaults[EDGE_AGENT], {(_MODULES, name) for name in wholly})
    content = device.edge_content.get(EDGE_AGENT, {})
    for kind in (_MODULES, "systemModules"):
        units = {
            name: {**unit, "settings": {**unit.get("settings", {}), **_image(content, kind, name)}}
            for name, unit in agent.get(kind, {}).items()
        }
        agent = {**agent, kind: units}
    return {**device.edge_defaults, EDGE_AGENT: agent}


def _image(content: JsonObject, kind: str, name: str) -> JsonObject:
    settings = content.get(kind, {}).get(name, {}).get("settings", {})
    return {"image": settings["image"]} if "image" in settings else {}


def _found(value: Any, path: Path) -> tuple[int, Any]:
    """How much of a path there is, and the value there."""
    for depth, key in enumerate(path):
        if not isinstance(value, dict) or key not in value or is_secret(value):
            return depth, value
        value = value[key]
    return len(path), value


# --- from pointers to paths on the hub --------------------------------------------------


def _leave(pointer: str, modules: Mapping[str, DesiredModule], left: _Left) -> None:
    """Add what a pointer names; `modules` are those of the device, for their routes.

    Raises `_NotIgnorable`.
    """
    if _BAD_ESCAPE.search(pointer):
        raise _NotIgnorable("has a `~` that is not part of `~0` or `~1`", "write `~0` for a `~`")
    path = keys_of(pointer)
    if "" in path:
        raise _NotIgnorable("has an empty key", "remove the `/` at its end, or between two others")
    first, *rest = path
    below = tuple(rest)
    if first in ("tags", "desired"):
        left.add(first, below)
    elif first == "models":
        _leave_model(below, left)
    elif first == "contexts":
        if len(below) != 1:
            raise _NotIgnorable("does not name the context of one slot", "ignore `/contexts/SLOT`")
        _leave_model(below, left)
    elif first == "modules":
        _leave_module(below, modules, left)
    elif first == "edge":
        _leave_runtime(below, left)
    else:
        listed = ", ".join(f"/{each}" for each in PARTS)
        raise _NotIgnorable(
            "does not name a value in a twin", f"begin with one of {listed}; see docs/manifests.md"
        )


def _leave_model(below: Path, left: _Left) -> None:
    if len(below) > 1:
        raise _NotIgnorable("names a part of a model", f"ignore `/models/{below[0]}` as a whole")
    left.twins.setdefault(MODEL_LOADER, set()).add(("models", *below))


def _leave_module(below: Path, modules: Mapping[str, DesiredModule], left: _Left) -> None:
    match below:
        case ():
            raise _NotIgnorable("names all modules", "name one: `/modules/NAME`")
        case (name,):
            left.wholly.add(name)
            left.twins.setdefault(name, set()).add(())
            left.add(_MODULES, (name,))
            left.add(EDGE_AGENT, (_MODULES, name))
            _leave_routes(name, modules, left)
        case (name, "routes"):
            _leave_routes(name, modules, left)
        case (_, "routes", route):
            left.add(EDGE_HUB, ("routes", route))
        case (name, "desired", *rest):
            if name == MODEL_LOADER and rest[:1] == ["models"]:
                return _leave_model(tuple(rest[1:]), left)
            left.twins.setdefault(name, set()).add(tuple(rest))
        case (name, *rest):
            left.add(EDGE_AGENT, *_container(_MODULES, name, tuple(rest)))
    return None


def _leave_routes(name: str, modules: Mapping[str, DesiredModule], left: _Left) -> None:
    if name in modules:
        left.add(EDGE_HUB, *(("routes", route) for route in modules[name].spec.get("routes", {})))


def _leave_runtime(below: Path, left: _Left) -> None:
    match below:
        case ():
            raise _NotIgnorable(
                "names the whole runtime", "name settings of it, or use `edge: external`"
            )
        case ("agentImage" | "hubImage" as key,):
            name = SYSTEM_MODULES[key.removesuffix("Image")]
            left.add(EDGE_AGENT, *_container("systemModules", name, ("image",)))
        case ("agent", "schemaVersion"):
            left.add(EDGE_AGENT, ("schemaVersion",))
        case ("hub", "schemaVersion"):
            left.add(EDGE_HUB, ("schemaVersion",))
        case ("agent" | "hub" as key, *rest):
            left.add(EDGE_AGENT, *_container("systemModules", SYSTEM_MODULES[key], tuple(rest)))
        case ("routes",) | ("routes", _):
            left.add(EDGE_HUB, below)
        case ("timeToLiveSecs",):
            left.add(EDGE_HUB, ("storeAndForwardConfiguration", *below))
        case (key, *_) if key in RUNTIME_SETTINGS:
            left.add(EDGE_AGENT, ("runtime", "settings", *below))
        case _:
            raise _NotIgnorable("does not name a setting of the runtime", "see docs/manifests.md")


def _container(kind: str, name: str, below: Path) -> Iterator[Path]:
    at = (kind, name)
    match below:
        case ():
            yield at
        case ("image",):
            yield (*at, "settings", "image")
        case ("env",) | ("env", _):
            yield (*at, *below)
        case (key,) if key in _OPTIONS:
            yield from ((*at, "settings", chunk) for chunk in _CHUNKS)
        case (key,) if key in AS_WRITTEN:
            yield (*at, key)
        case (key, *_) if key in _OPTIONS:
            raise _NotIgnorable(
                "names a part of the create options, which are one text on the hub",
                "ignore `createOptions` as a whole; the storage of a module is part of it",
            )
        case _:
            raise _NotIgnorable(
                "does not name a setting of a module on the hub",
                "name its image, env, createOptions, desired, routes, ...; see docs/manifests.md",
            )
