"""Layers: the parts of manifests that are merged into a device, lowest first.

    Module specs < Fleet defaults < Groups by ascending priority < DeviceSet template or Device

Values are merged by JSON merge patch (RFC 7396). The origin of a value is not stored, but looked up
in the layers when it is needed, which is rare.
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

    tags: JsonObject = field(default_factory=dict)
    desired: JsonObject = field(default_factory=dict)
    models: JsonObject = field(default_factory=dict)
    modules: JsonObject = field(default_factory=dict)


def lay(below: Overlay, value: Mapping[str, Any], bases: Mapping[str, JsonObject]) -> Overlay:
    """The overlay with one more layer on top.

    The first layer with a module starts from its `Module` spec in `bases`, so that it can also
    remove values of the spec.
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
    return value, layer.pointer + pointer(*below)


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
