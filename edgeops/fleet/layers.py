"""Layers: the parts of manifests that are merged into a device, lowest first.

    Module specs < Fleet defaults < defaults of the hub < Groups by ascending priority
    < DeviceSet template < its member < Device

Values are merged by JSON merge patch (RFC 7396), with two additions: in create options and storage,
`{add: [...]}` adds to the list below, and a reference to a secret replaces what is below as a
whole. The origin of a value is not stored, but looked up in the layers when it is needed, which is
rare.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any

from edgeops.fleet.model import Document, Place
from edgeops.jsonvalue import JsonObject, keys_of, pointer
from edgeops.secret_reference import is_secret

Path = tuple[str, ...]

PARTS = ("tags", "desired", "models", "contexts", "modules", "edge")  # of what a device should have
OVERLAY_PARTS = ("variables", *PARTS, "paused", "ignore")
_OLD_NAMES: Mapping[Path, str] = {
    ("edge", "agent", "image"): "/edge/agentImage",
    ("edge", "hub", "image"): "/edge/hubImage",
}

# Settings of the runtime and of containers whose null is a value: no value, and no default.
NULLABLE = frozenset(
    {"minDockerVersion", "timeToLiveSecs", "status", "restartPolicy", "startupOrder"}
)
HEALTH = "health"  # the key of a module with what it reports of itself
WITH_NULLS = NULLABLE | {HEALTH}

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
    """Merged layers: the parts of a device that overlays can set.

    `patches` are what layers say of each module, lowest first, for another Module may come below.
    """

    variables: JsonObject = field(default_factory=dict)
    tags: JsonObject = field(default_factory=dict)
    desired: JsonObject = field(default_factory=dict)
    models: JsonObject = field(default_factory=dict)
    contexts: JsonObject = field(default_factory=dict)
    modules: JsonObject = field(default_factory=dict)
    edge: JsonObject = field(default_factory=dict)
    patches: Mapping[str, tuple[JsonObject, ...]] = field(default_factory=dict)
    paused: bool = False
    ignore: tuple[str, ...] = ()


def lay(below: Overlay, value: Mapping[str, Any], bases: Mapping[str, JsonObject]) -> Overlay:
    """The overlay with one more layer on top.

    A module stands on the spec of its Module in `bases`, so that layers can also remove values of
    that; where a layer says that the module is `from` another one, what layers say of it stands on
    that spec instead.
    """
    parts: dict[str, Any] = {
        part: merged(getattr(below, part), value[part])
        for part in ("variables", "tags", "desired", "models", "contexts")
        if part in value
    }
    if "modules" in value:
        parts["modules"], parts["patches"] = _lay_modules(below, value["modules"], bases)
    if "edge" in value:
        parts["edge"] = _lay_edge(below.edge, value["edge"])
    if "paused" in value:
        parts["paused"] = value["paused"]
    if "ignore" in value:
        parts["ignore"] = tuple(dict.fromkeys((*below.ignore, *value["ignore"])))
    return replace(below, **parts) if parts else below


def _lay_modules(
    below: Overlay, values: JsonObject, bases: Mapping[str, JsonObject]
) -> tuple[JsonObject, Mapping[str, tuple[JsonObject, ...]]]:
    modules, patches = dict(below.modules), dict(below.patches)
    for name, patch in values.items():
        if patch is None:
            modules.pop(name, None)
            patches.pop(name, None)
            continue
        patches[name] = (*patches.get(name, ()), patch)
        known = name in modules
        if known and patch.get(FROM) in (None, modules[name].get(FROM, name)):
            modules[name] = _lay_container(modules[name], patch)
        else:
            base = patch.get(FROM, name)
            modules[name] = reduce(_lay_container, patches[name], bases.get(base, {}))
    return modules, patches


def _lay_edge(below: JsonObject, patch: JsonObject) -> JsonObject:
    containers = {
        key: _lay_container(below.get(key, {}), patch[key])
        for key in ("agent", "hub")
        if key in patch
    }
    rest = {key: patch[key] for key in patch if key not in containers}
    return {**merged(below, rest), **_nothing(patch), **containers}


def _lay_container(below: JsonObject, patch: JsonObject) -> JsonObject:
    lists = {
        key: lay_over(below.get(key), patch[key])
        for key, lay_over in (("createOptions", _lay_options), ("storage", _adding))
        if patch.get(key) is not None
    }
    rest = {key: patch[key] for key in patch if key not in lists}
    return {**merged(below, rest), **_nothing(patch), **lists}


def _lay_options(below: Any, patch: Any) -> Any:
    """Create options over those below: at their top, `add` is an option like any other."""
    if not isinstance(patch, dict):
        return patch
    target = below if isinstance(below, dict) else {}
    kept = {key: target[key] for key in target.keys() - patch.keys()}
    set_here = {key: value for key, value in patch.items() if value is not None}
    return kept | {key: _adding(target.get(key), value) for key, value in set_here.items()}


def _adding(below: Any, patch: Any) -> Any:
    return merged(below, patch, adding=True)


def with_lists(options: Any) -> Any:
    """Create options that stand on nothing, with the list in place of each `{add: [...]}`."""
    if not isinstance(options, dict):
        return options
    return {key: _list_of(value) for key, value in options.items()}


def _list_of(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return value[ADD] if _adds(value) else {key: _list_of(item) for key, item in value.items()}


def _nothing(patch: JsonObject) -> JsonObject:
    """The settings that a layer sets to nothing, so that they have no default either."""
    return {key: None for key in patch if key in WITH_NULLS and patch[key] is None}


def merged(target: Any, patch: Any, *, adding: bool = False) -> Any:
    """The target with a higher layer's value merged over it; neither argument is changed.

    With `adding`, `{add: [...]}` adds to the list of the target, if it has one. The result may
    share parts with both.
    """
    if not isinstance(patch, dict) or is_secret(patch):
        return patch
    if not target and not adding and _is_whole(patch):
        return patch
    if adding and _adds(patch):
        return [*(target if isinstance(target, list) else ()), *patch[ADD]]
    result = dict(target) if isinstance(target, dict) and not is_secret(target) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            result[key] = merged(result.get(key), value, adding=adding)
        else:
            result[key] = value
    return result


def _is_whole(patch: JsonObject) -> bool:
    """Whether a patch removes nothing, so that over nothing it gives itself."""
    if None in patch.values():
        return False
    return all(_is_whole(item) for item in patch.values() if item.__class__ is dict)


def _adds(patch: JsonObject) -> bool:
    return patch.keys() == {ADD} and isinstance(patch[ADD], list)


# --- where a value came from ------------------------------------------------------

_ABSENT = object()


def settings(stack: Sequence[Layer], path: Path, *, null: bool = False) -> list[Setting]:
    """The values that layers set at a path, highest first: the first one applies.

    An array or a scalar at a parent of the path counts, too; so does `null` at the path, if the
    value of the device is `null`.
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
        if value is not None or candidates or null:
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
    return value, pointer_in(layer, below)


def pointer_in(layer: Layer, path: Path) -> str:
    """The pointer in the manifest of a path, also where the manifest has the old name of it."""
    at = layer.pointer + pointer(*path)
    old = _OLD_NAMES.get(path)
    return layer.pointer + old if old and at not in layer.document.marks else at


def under_new_name(path: Path) -> Path:
    """A path as layers have it, also where it is written with the old name of a setting."""
    new = (new for new, old in _OLD_NAMES.items() if old == pointer(*path))
    return next(new, path)


def named_twice(layer: Layer) -> Iterator[tuple[str, str]]:
    """The pointers of old and new name of each setting that has both in one layer."""
    for path, old in _OLD_NAMES.items() if "edge" in layer.value else ():
        both = layer.pointer + old, layer.pointer + pointer(*path)
        if all(_is_written(layer.document.value, keys_of(at)) for at in both):
            yield both


def _is_written(value: Any, path: Path) -> bool:
    """Whether a document has a value at a path; its marks would have to be looked up."""
    for key in path:
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, list):
            value = value[int(key)]
        else:
            return False
    return True


# --- layers without an order --------------------------------------------------------


def clashes(a: Any, b: Any, path: Path = ()) -> Iterator[Path]:
    """The paths where merging `a` over `b` may differ from merging `b` over `a`.

    Both set the path, even to the same value, or one sets it and the other sets a value below it.
    Empty objects do not clash with objects.
    """
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted(a.keys() & b.keys()):
            if not path and key == "ignore":  # their lists add up
                continue
            yield from clashes(a[key], b[key], (*path, key))
    else:
        yield path
