"""Layers: the parts of manifests that are merged into a device, lowest first.

    Module specs < Fleet defaults < defaults of the hub < Groups by ascending priority
    < DeviceSet template < its member < Device

Values are merged by JSON merge patch (RFC 7396), with two additions: `{add: [...]}` over a list
adds to it, and a reference to a secret replaces what is below as a whole. The origin of a value is
not stored, but looked up in the layers when it is needed, which is rare.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from edgeops.fleet.model import Document, Place
from edgeops.jsonvalue import JsonObject, pointer
from edgeops.secret_reference import is_secret

Path = tuple[str, ...]

OVERLAY_PARTS = ("variables", "tags", "desired", "models", "modules", "edge")
_OLD_NAMES: Mapping[Path, str] = {
    ("edge", "agent", "image"): "/edge/agentImage",
    ("edge", "hub", "image"): "/edge/hubImage",
}

# Settings of the runtime and of containers whose null is a value: no value, and no default.
NULLABLE = frozenset(
    {"minDockerVersion", "timeToLiveSecs", "status", "restartPolicy", "startupOrder"}
)

ADD = "add"  # the only key of an object that adds to the list of a lower layer
FROM = "from"  # the key of a module that names the Module it is an instance of


@dataclass(frozen=True, slots=True)
class Layer:
    """A value in a manifest that is merged into the documents of devices.

    `pointer` is its pointer in the manifest, `mount` the path in the device document where it is
    merged; a `base` is below every overlay.
    """

    name: str
    document: Document
    pointer: str
    value: JsonObject
    mount: Path = ()
    base: bool = False


@dataclass(frozen=True, slots=True)
class Setting:
    """The value that a layer sets at a path; None removes the values of lower layers."""

    value: Any
    layer: Layer
    pointer: str

    @property
    def place(self) -> Place:
        """The place of the value."""
        return self.layer.document.place(self.pointer)


# --- merging --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Overlay:
    """Merged layers: the parts of a device that overlays can set."""

    variables: JsonObject = field(default_factory=dict)
    tags: JsonObject = field(default_factory=dict)
    desired: JsonObject = field(default_factory=dict)
    models: JsonObject = field(default_factory=dict)
    modules: JsonObject = field(default_factory=dict)
    edge: JsonObject = field(default_factory=dict)


def lay(below: Overlay, value: Mapping[str, Any], bases: Mapping[str, JsonObject]) -> Overlay:
    """The overlay with one more layer on top.

    The first layer with a module, and one that names another Module for it, start from the spec of
    that Module in `bases`, so that they can also remove values of the spec.
    """
    parts = {
        part: merged(getattr(below, part), value[part])
        for part in ("variables", "tags", "desired", "models")
        if part in value
    }
    if "modules" in value:
        parts["modules"] = _lay_modules(below.modules, value["modules"], bases)
    if "edge" in value:
        parts["edge"] = _lay_edge(below.edge, value["edge"])
    return replace(below, **parts) if parts else below


def _lay_modules(
    below: JsonObject, patches: JsonObject, bases: Mapping[str, JsonObject]
) -> JsonObject:
    modules = dict(below)
    for name, patch in patches.items():
        if patch is None:
            modules.pop(name, None)
            continue
        base = patch.get(FROM, name)
        if name not in modules or (FROM in patch and base != modules[name].get(FROM, name)):
            modules[name] = bases.get(base, {})
        modules[name] = _lay_container(modules[name], patch)
    return modules


def _lay_edge(below: JsonObject, patch: JsonObject) -> JsonObject:
    containers = {
        key: _lay_container(below.get(key, {}), patch[key])
        for key in ("agent", "hub")
        if key in patch
    }
    rest = {key: patch[key] for key in patch if key not in containers}
    return {**merged(below, rest), **_nothing(patch), **containers}


def _lay_container(below: JsonObject, patch: JsonObject) -> JsonObject:
    options = {
        key: merged(below.get(key), patch[key], adding=True)
        for key in ("createOptions", "storage")
        if patch.get(key) is not None
    }
    rest = {key: patch[key] for key in patch if key not in options}
    return {**merged(below, rest), **_nothing(patch), **options}


def _nothing(patch: JsonObject) -> JsonObject:
    """The settings that a layer sets to nothing, so that they have no default either."""
    return {key: None for key in patch if key in NULLABLE and patch[key] is None}


def merged(target: Any, patch: Any, *, adding: bool = False) -> Any:
    """The target with a higher layer's value merged over it; neither argument is changed.

    With `adding`, `{add: [...]}` is that list where the target has none.
    """
    if not isinstance(patch, dict) or is_secret(patch):
        return patch
    if (adding or isinstance(target, list)) and _adds(patch):
        return [*(target if isinstance(target, list) else ()), *patch[ADD]]
    result = dict(target) if isinstance(target, dict) and not is_secret(target) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value, adding=adding)
    return result


def _adds(patch: JsonObject) -> bool:
    return patch.keys() == {ADD} and isinstance(patch[ADD], list)


# --- where a value came from ------------------------------------------------------

_ABSENT = object()


def settings(stack: Sequence[Layer], path: Path) -> list[Setting]:
    """The values that layers set at a path, highest first: the first one applies.

    An array or a scalar at a parent of the path counts, too.
    """
    candidates: list[Setting] = []
    removed = False
    for layer in reversed(stack):
        if removed and not layer.base:
            continue
        value, at = _value_in(layer, path)
        if value is _ABSENT:
            continue
        removed = removed or value is None
        if value is not None or candidates:
            candidates.append(Setting(value, layer, at))
    return candidates


def origin(stack: Sequence[Layer], path: Path) -> Setting:
    """The setting that applies at a path, or at its nearest parent that has one."""
    while True:
        candidates = settings(stack, path)
        if candidates:
            return candidates[0]
        path = path[:-1]


def _value_in(layer: Layer, path: Path) -> tuple[Any, str]:
    if path[: len(layer.mount)] != layer.mount:
        return _ABSENT, ""
    below = path[len(layer.mount) :]
    value: Any = layer.value
    for depth, key in enumerate(below):
        if not isinstance(value, dict):
            within = below if isinstance(value, list) else below[:depth]
            return value, layer.pointer + pointer(*within)
        if key not in value:
            return _ABSENT, ""
        value = value[key]
    return value, layer.pointer + _written(layer, below)


def _written(layer: Layer, path: Path) -> str:
    """The pointer in the manifest of a path, also where the manifest has the old name of it."""
    at = pointer(*path)
    old = _OLD_NAMES.get(path)
    return old if old and layer.pointer + at not in layer.document.marks else at


# --- layers without an order --------------------------------------------------------


def clashes(a: Any, b: Any, path: Path = ()) -> Iterator[Path]:
    """The paths where merging `a` over `b` may differ from merging `b` over `a`.

    Both set the path, even to the same value, or one sets it and the other sets a value below it.
    Empty objects do not clash with objects.
    """
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted(a.keys() & b.keys()):
            yield from clashes(a[key], b[key], (*path, key))
    else:
        yield path
