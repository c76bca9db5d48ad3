"""Layers: the places in manifests that together say what a device is, lowest first.

    Module specs < Fleet defaults < Groups by ascending priority < DeviceSet template or Device

Values are merged by JSON merge patch (RFC 7396). Where a value came from is not
carried along: it is looked up in the layers when somebody asks, since few do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from edgeops.fleet.model import Document, Place
from edgeops.jsonvalue import JsonObject, merge_patch, pointer

Path = tuple[str, ...]

OVERLAY_PARTS = ("tags", "desired", "models", "modules")


@dataclass(frozen=True, slots=True)
class Layer:
    """A value in a manifest, and where it lies in the document of a device.

    `pointer` is where it stands in the manifest; `mount` is the path in the
    device document that it says something of; a `base` lies below every overlay.
    """

    name: str
    document: Document
    pointer: str
    value: JsonObject
    mount: Path = ()
    base: bool = False


@dataclass(frozen=True, slots=True)
class Setting:
    """One layer's say on a path; a value of None removes what is below."""

    value: Any
    layer: Layer
    pointer: str

    @property
    def place(self) -> Place:
        """Where it stands."""
        return self.layer.document.place(self.pointer)


# --- merging --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Overlay:
    """Merged layers: the parts of a device that overlays can set."""

    tags: JsonObject = field(default_factory=dict)
    desired: JsonObject = field(default_factory=dict)
    models: JsonObject = field(default_factory=dict)
    modules: JsonObject = field(default_factory=dict)


def lay(below: Overlay, value: Mapping[str, Any], bases: Mapping[str, JsonObject]) -> Overlay:
    """The overlay with one more layer on top.

    A module that is named for the first time starts from its `Module` spec in
    `bases`, so that an overlay can also remove what the spec sets.
    """
    return Overlay(
        tags=merge_patch(below.tags, value.get("tags", {})),
        desired=merge_patch(below.desired, value.get("desired", {})),
        models=merge_patch(below.models, value.get("models", {})),
        modules=_lay_modules(below.modules, value.get("modules", {}), bases),
    )


def _lay_modules(
    below: JsonObject, patches: JsonObject, bases: Mapping[str, JsonObject]
) -> JsonObject:
    modules = dict(below)
    for name, patch in patches.items():
        if patch is None:
            modules.pop(name, None)
        else:
            modules[name] = merge_patch(modules.get(name, bases.get(name, {})), patch)
    return modules


# --- where a value came from ------------------------------------------------------

_ABSENT = object()


def settings(stack: Sequence[Layer], path: Path) -> list[Setting]:
    """What the layers say of a path, highest first: the first one set it, the others lost.

    A layer that sets an array or a scalar on the way to the path has its say, too.
    """
    said: list[Setting] = []
    removed = False
    for layer in reversed(stack):
        if removed and not layer.base:
            continue
        value, said_at = _said(layer, path)
        if value is _ABSENT:
            continue
        removed = removed or value is None
        if value is not None or said:
            said.append(Setting(value, layer, said_at))
    return said


def origin(stack: Sequence[Layer], path: Path) -> Setting:
    """The setting that made a path what it is; of its nearest parent if nobody named it."""
    while True:
        said = settings(stack, path)
        if said:
            return said[0]
        path = path[:-1]


def _said(layer: Layer, path: Path) -> tuple[Any, str]:
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
    return value, layer.pointer + pointer(*below)


# --- layers without an order --------------------------------------------------------


def clashes(a: Any, b: Any, path: Path = ()) -> Iterator[Path]:
    """The paths where merging `a` over `b` gives something else than `b` over `a` may give.

    Both set the path itself, be it to the same value, or one sets it and the
    other something below it. Empty objects clash with no object.
    """
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted(a.keys() & b.keys()):
            yield from clashes(a[key], b[key], (*path, key))
    else:
        yield path
