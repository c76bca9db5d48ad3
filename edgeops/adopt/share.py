"""Finds what devices have in common, so that each value is written once.

What most devices have is the base. What the devices with one label value have instead goes into a
group, and so does what some other devices have in common; a value that is another one on most
devices becomes a variable. The rest belongs to single devices.

The settings of a device are a tree: `tags`, `desired`, `edge` (if edgeops writes its deployment),
`modules` (the settings of each) and `present` (which modules it has).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from edgeops.adopt.names import Names, slug
from edgeops.adopt.tree import difference, key_of, laid, tree_of
from edgeops.adopt.vary import (
    TagGrouping,
    Trees,
    replace,
    templated,
    values_of,
    variable_name,
    varies,
)
from edgeops.fleet.layers import Path
from edgeops.jsonvalue import JsonObject
from edgeops.secret_reference import values_in

_MISSING = 4  # of so many devices, one may lack what the base has, which it then removes


@dataclass(slots=True)
class SharedLayer:
    """A group: its name, the label value that selects its devices, and what it sets."""

    name: str
    label: str
    value: str
    settings: JsonObject
    devices: frozenset[str]


@dataclass(slots=True)
class Sharing:
    """The settings of devices, each written once.

    `variables` are the defaults of variables, `own_variables` and `rest` what single devices have.
    """

    base: JsonObject = field(default_factory=dict)
    groups: list[SharedLayer] = field(default_factory=list)
    exceptions: list[SharedLayer] = field(default_factory=list)
    variables: JsonObject = field(default_factory=dict)
    own_variables: Trees = field(default_factory=dict)
    rest: Trees = field(default_factory=dict)


def share(
    trees: Trees,
    grouping: TagGrouping,
    variables: Collection[str] = (),
    groups: Collection[str] = (),
    labels: Collection[str] = (),
) -> Sharing:
    """The settings of devices, shared as far as they are alike.

    `variables`, `groups` and `labels` are names that are not free.
    """
    concerned = _Concerned.of(trees)
    sharing = Sharing()
    trees = templated(trees, grouping)
    _take_variables(trees, concerned, grouping, sharing, set(variables))
    sharing.base = _base(trees, concerned, grouping)
    rest = {name: _difference(sharing.base, tree) for name, tree in trees.items()}
    names = Names(groups)
    rest = _grouped(rest, trees, grouping, sharing, names)
    taken = {*labels, *((grouping.label,) if grouping.label else ())}
    sharing.rest = _excepted(rest, sharing, names, Names(taken))
    return sharing


@dataclass(frozen=True, slots=True)
class _Concerned:
    """Which devices a setting concerns: a setting of a module those that have the module."""

    everyone: frozenset[str]
    edge: frozenset[str]
    modules: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, trees: Trees) -> _Concerned:
        modules: dict[str, set[str]] = defaultdict(set)
        for name, tree in trees.items():
            for module in tree["modules"]:
                modules[module].add(name)
        edge = frozenset(name for name, tree in trees.items() if "edge" in tree)
        having = {module: frozenset(names) for module, names in modules.items()}
        return cls(frozenset(trees), edge, having)

    def by(self, path: Path) -> frozenset[str]:
        if path[0] == "edge":
            return self.edge
        return self.modules[path[1]] if path[0] == "modules" else self.everyone


def _difference(below: JsonObject, tree: JsonObject) -> JsonObject:
    """What to lay over shared settings for one device; nothing for what does not concern it."""
    modules = tree["modules"]
    shared = {key: value for key, value in below.items() if key != "edge" or "edge" in tree}
    shared["modules"] = {m: value for m, value in below.get("modules", {}).items() if m in modules}
    return {key: patch for key, patch in difference(shared, tree).items() if patch}


# --- the base -------------------------------------------------------------------------


def _base(trees: Trees, concerned: _Concerned, grouping: TagGrouping) -> JsonObject:
    """What is usual on the devices that a setting concerns."""
    usual = []
    for path, by_device in values_of(trees).items():
        value = _usual(by_device, path, len(concerned.by(path)), grouping)
        if value is not _NONE:
            usual.append((path, value))
    return tree_of(usual)


_NONE: Any = object()


def _usual(by_device: Mapping[str, Any], path: Path, concerned: int, grouping: TagGrouping) -> Any:
    """The value to write for all, from which others differ; `_NONE` if there is none.

    A container must have some value, such as an image: there, the most frequent one is enough.
    """
    container = path[0] in ("modules", "edge") and "desired" not in path[2:3]
    missing = concerned - len(by_device)
    counted = Counter(map(key_of, by_device.values()))
    best, count = counted.most_common(1)[0]
    if missing * _MISSING > concerned:
        return _NONE
    if not missing and grouping.decides(by_device):
        kinds = grouping.kinds(by_device)
        if 3 * sum(values == {best} for values in kinds) <= 2 * len(kinds):
            return _NONE
    elif ((missing or not container) and 2 * count <= concerned) or count == 1 < concerned:
        return _NONE
    return next(value for value in by_device.values() if key_of(value) == best)


# --- variables ------------------------------------------------------------------------


def _take_variables(
    trees: Trees, concerned: _Concerned, grouping: TagGrouping, sharing: Sharing, taken: set[str]
) -> None:
    """Put a variable in place of each text or number that differs widely."""
    for path, by_device in sorted(values_of(trees).items()):
        if by_device.keys() != concerned.by(path) or not varies(by_device, path, grouping):
            continue
        name = variable_name(path, taken)
        most, count = Counter(map(key_of, by_device.values())).most_common(1)[0]
        usual = 2 * count > len(by_device)  # else a device that is added would get it by accident
        if usual:
            default = next(v for v in by_device.values() if key_of(v) == most)
            sharing.variables[name] = default
        for device, value in by_device.items():
            if not usual or key_of(value) != most:
                sharing.own_variables.setdefault(device, {})[name] = value
            replace(trees[device], path, f"${{{name}}}")


# --- groups ---------------------------------------------------------------------------


def _grouped(
    rest: Trees, trees: Trees, grouping: TagGrouping, sharing: Sharing, names: Names
) -> Trees:
    """What is left once the devices with one label value share a group."""
    if grouping.label is None:
        return rest
    rest = dict(rest)
    by_value: dict[str, list[str]] = defaultdict(list)
    for device in rest:
        if value := grouping.values.get(device):
            by_value[value].append(device)
    common_of = {value: _common([rest[d] for d in devices]) for value, devices in by_value.items()}
    # What several groups have in common is no matter of one of them.
    groups = Counter((p, key_of(leaf)) for common in common_of.values() for p, leaf in common)
    for value, devices in sorted(by_value.items()):
        common = [(p, leaf) for p, leaf in common_of[value] if groups[p, key_of(leaf)] == 1]
        if not common or len(devices) == 1:
            continue
        settings = tree_of(common)
        name = names.new(f"{grouping.label}-{value}")
        layer = SharedLayer(name, grouping.label, value, settings, frozenset(devices))
        sharing.groups.append(layer)
        for device in devices:
            rest[device] = _difference(laid(sharing.base, settings), trees[device])
    return rest


def _common(patches: list[JsonObject]) -> list[tuple[Path, Any]]:
    """The leaves that all patches have."""
    counted = Counter((path, key_of(leaf)) for patch in patches for path, leaf in values_in(patch))
    return [
        (path, leaf)
        for path, leaf in values_in(patches[0])
        if counted[path, key_of(leaf)] == len(patches)
    ]


def _excepted(rest: Trees, sharing: Sharing, names: Names, labels: Names) -> Trees:
    """What is left once devices with the same other values share groups."""
    holders: dict[tuple[Path, str], list[str]] = defaultdict(list)
    values: dict[tuple[Path, str], Any] = {}
    for name, patch in rest.items():
        for path, leaf in values_in(patch):
            key = (path, key_of(leaf))
            holders[key].append(name)
            values[key] = leaf
    bundles: dict[frozenset[str], list[tuple[Path, Any]]] = defaultdict(list)
    for key, devices in holders.items():
        if len(devices) > 1:
            bundles[frozenset(devices)].append((key[0], values[key]))
    told: dict[str, set[Path]] = defaultdict(set)
    by_path: dict[Path, str] = {}  # one label for the groups of a setting, which exclude each other
    for members, found in sorted(
        bundles.items(), key=lambda item: (-len(item[0]), sorted(item[0]))
    ):
        path, value = _telling(found)
        label = by_path.get(path) or by_path.setdefault(path, labels.new(_subject(path), "setting"))
        name = names.new(_group_name(path, value), "exception")
        layer = SharedLayer(name, label, _label_value(value), tree_of(found), members)
        if any(layer.value == e.value and layer.label == e.label for e in sharing.exceptions):
            layer.value = layer.name
        sharing.exceptions.append(layer)
        for device in members:
            told[device].update(path for path, _ in found)
    return {
        name: tree_of((path, leaf) for path, leaf in values_in(patch) if path not in told[name])
        for name, patch in rest.items()
    }


def _telling(found: Iterable[tuple[Path, Any]]) -> tuple[Path, Any]:
    """The setting after which a group is called: a module it adds, an image, or the first."""

    def rank(item: tuple[Path, Any]) -> tuple[bool, bool, bool, int, Path]:
        path, value = item
        simple = isinstance(value, (str, int, float))
        adds = path[0] == "present" and value is not None
        return not adds, path[-1] != "image", not simple, len(path), path

    return min(found, key=rank)


def _subject(path: Path) -> str:
    return slug("-".join(k for k in path[1:][-2:] if k not in _SILENT), 40)


def _group_name(path: Path, value: Any) -> str:
    if value is None:
        return f"no-{_subject(path)}"
    if path[0] == "present":
        return f"with-{_subject(path)}"
    return slug(f"{_subject(path)}-{_label_value(value)}", 60)


def _label_value(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, (str, int, float)):
        text = str(value).rsplit("/", 1)[-1]
        return slug(text.rpartition(":")[2], 40) or "other"
    return "added" if value == {} else "other"


# Keys that say nothing of what a setting is.
_SILENT = frozenset({"desired", "tags", "modules", "env", "settings"})
