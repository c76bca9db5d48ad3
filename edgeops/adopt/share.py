"""Finds what devices have in common, so that each value is written once.

What most devices have is the base. What the devices with one label value have instead goes into a
group, and so does what some other devices have in common; a value that is another one on most
devices becomes a variable. The rest belongs to single devices.

The settings of a device are a tree: `tags`, `desired`, `edge` (if edgeops writes its deployment),
`modules` (the settings of each) and `present` (which modules it has).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from edgeops.adopt.tree import difference, key_of, laid, leaves, tree_of
from edgeops.fleet.layers import Path
from edgeops.fleet.variables import DEVICE_NAME, LABEL
from edgeops.jsonvalue import JsonObject

_FEW = 3  # other values of a setting: each gets a group; with more, the setting is a variable
_SHORTEST = 3  # characters of a name that is replaced within longer texts

Trees = dict[str, JsonObject]  # settings by device


@dataclass(slots=True)
class Layer:
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
    groups: list[Layer] = field(default_factory=list)
    exceptions: list[Layer] = field(default_factory=list)
    variables: JsonObject = field(default_factory=dict)
    own_variables: Trees = field(default_factory=dict)
    rest: Trees = field(default_factory=dict)


def share(
    trees: Trees,
    labels: Mapping[str, Mapping[str, str]],
    group_by: str | None,
    taken: Collection[str] = (),
) -> Sharing:
    """The settings of devices, shared as far as they are alike.

    `labels` are those of each device, `group_by` is the one whose values make groups. `taken` are
    names of variables that are not free.
    """
    concerned = _Concerned.of(trees)
    trees = _templated(trees, labels, group_by)
    sharing = Sharing()
    trees = _with_variables(trees, concerned, labels, group_by, sharing, set(taken))
    sharing.base = _base(trees, concerned)
    rest = {name: _difference(sharing.base, tree) for name, tree in trees.items()}
    if group_by:
        rest = _grouped(rest, trees, labels, group_by, sharing)
    sharing.rest = _excepted(rest, sharing)
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
            for module in tree.get("modules", {}):
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
    modules = tree.get("modules", {})
    shared = {key: value for key, value in below.items() if key != "edge" or "edge" in tree}
    shared["modules"] = {m: value for m, value in below.get("modules", {}).items() if m in modules}
    empty: JsonObject = {key: {} for key in shared}  # so that what is removed is named key by key
    return difference(shared, {**empty, **tree, "modules": modules})


# --- the base -------------------------------------------------------------------------


def _values(trees: Trees) -> dict[Path, dict[str, Any]]:
    """The value of each leaf by device."""
    values: dict[Path, dict[str, Any]] = defaultdict(dict)
    for name, tree in trees.items():
        for path, value in leaves(tree):
            values[path][name] = value
    return values


def _base(trees: Trees, concerned: _Concerned) -> JsonObject:
    """What more than half of the devices that a setting concerns have."""
    common = []
    for path, by_device in _values(trees).items():
        counted = Counter(map(key_of, by_device.values()))
        best, count = counted.most_common(1)[0]
        if 2 * count > len(concerned.by(path)):
            common.append((path, next(v for v in by_device.values() if key_of(v) == best)))
    return tree_of(common)


# --- names within values --------------------------------------------------------------


def _templated(
    trees: Trees, labels: Mapping[str, Mapping[str, str]], group_by: str | None
) -> Trees:
    """The trees with the name or label of each device in a text as a variable, where this helps."""
    result = {name: tree_of(leaves(tree)) for name, tree in trees.items()}
    for path, by_device in _values(trees).items():
        counted = Counter(map(key_of, by_device.values()))
        if len(counted) < 2:
            continue
        templates = {
            name: template
            for name, value in by_device.items()
            if isinstance(value, str)
            and (template := _template(value, name, labels.get(name, {}), group_by)) != value
        }
        if not templates:
            continue
        best, count = Counter(templates.values()).most_common(1)[0]
        covered = [name for name, template in templates.items() if template == best]
        distinct = len({by_device[name] for name in covered})
        if count > counted.most_common(1)[0][1] and distinct > 1:
            for name in covered:
                _replace(result[name], path, best)
    return result


def _template(value: str, device: str, labels: Mapping[str, str], group_by: str | None) -> str:
    words = {device: DEVICE_NAME}
    if group_by and labels.get(group_by):
        words[labels[group_by]] = f"{LABEL}{group_by}"
    for word, variable in sorted(words.items(), key=lambda item: -len(item[0])):
        if value == word:
            return f"${{{variable}}}"
        if len(word) >= _SHORTEST and "${" not in value:
            parts = re.split(rf"(?<![A-Za-z0-9]){re.escape(word)}(?![A-Za-z0-9])", value)
            if len(parts) > 1:
                return f"${{{variable}}}".join(parts)
    return value


def _replace(tree: JsonObject, path: Path, value: Any) -> None:
    for key in path[:-1]:
        tree = tree[key]
    tree[path[-1]] = value


# --- variables ------------------------------------------------------------------------


def _with_variables(
    trees: Trees,
    concerned: _Concerned,
    labels: Mapping[str, Mapping[str, str]],
    group_by: str | None,
    sharing: Sharing,
    taken: set[str],
) -> Trees:
    """The trees with a variable in place of each text or number that differs widely."""
    for path, by_device in sorted(_values(trees).items()):
        if by_device.keys() != concerned.by(path) or not _varies(by_device, labels, group_by):
            continue
        name = _variable_name(path, taken)
        most = Counter(map(key_of, by_device.values())).most_common(1)[0]
        if most[1] > 1:
            default = next(v for v in by_device.values() if key_of(v) == most[0])
            sharing.variables[name] = default
        for device, value in by_device.items():
            if most[1] == 1 or key_of(value) != most[0]:
                sharing.own_variables.setdefault(device, {})[name] = value
            _replace(trees[device], path, f"${{{name}}}")
    return trees


def _varies(
    by_device: Mapping[str, Any], labels: Mapping[str, Mapping[str, str]], group_by: str | None
) -> bool:
    """Whether a setting has many values, and they are not those of the groups."""
    values = list(by_device.values())
    if not all(isinstance(value, (str, int, float)) for value in values):
        return False
    if any(isinstance(value, str) and "${" in value for value in values):
        return False
    if len(set(map(key_of, values))) <= _FEW + 1:
        return False
    if not group_by:
        return True
    by_group: dict[str, set[str]] = defaultdict(set)
    for device, value in by_device.items():
        by_group[labels.get(device, {}).get(group_by, "")].add(key_of(value))
    # Groups of one device each would not save anything.
    alike = sum(len(kinds) == 1 for kinds in by_group.values())
    return 2 * alike <= len(by_group) or len(by_group) == len(by_device)


def _variable_name(path: Path, taken: set[str]) -> str:
    """A name from the last keys of a path that no other variable has."""
    for count in range(1, len(path) + 1):
        words = re.split(r"[^A-Za-z0-9]+", "-".join(path[-count:]))
        name = "_".join(word for word in words if word)[:60] or "value"
        name = f"_{name}" if name[0].isdigit() else name
        if name not in taken:
            taken.add(name)
            return name
    number = 2
    while f"{name}_{number}" in taken:
        number += 1
    taken.add(f"{name}_{number}")
    return f"{name}_{number}"


# --- groups ---------------------------------------------------------------------------


def _grouped(
    rest: Trees,
    trees: Trees,
    labels: Mapping[str, Mapping[str, str]],
    group_by: str,
    sharing: Sharing,
) -> Trees:
    """What is left once the devices with one label value share a group."""
    by_value: dict[str, list[str]] = defaultdict(list)
    for name in rest:
        if value := labels.get(name, {}).get(group_by):
            by_value[value].append(name)
    for value, names in sorted(by_value.items()):
        counted = Counter(
            (path, key_of(leaf)) for name in names for path, leaf in leaves(rest[name])
        )
        common = [
            (path, leaf)
            for path, leaf in leaves(rest[names[0]])
            if counted[path, key_of(leaf)] == len(names) and len(names) > 1
        ]
        if not common:
            continue
        settings = tree_of(common)
        sharing.groups.append(
            Layer(f"{group_by}-{value}", group_by, value, settings, frozenset(names))
        )
        for name in names:
            rest[name] = _difference(laid(sharing.base, settings), trees[name])
    return rest


def _excepted(rest: Trees, sharing: Sharing) -> Trees:
    """What is left once devices with the same other values share groups."""
    holders: dict[tuple[Path, str], set[str]] = defaultdict(set)
    values: dict[tuple[Path, str], Any] = {}
    for name, patch in rest.items():
        for path, leaf in leaves(patch):
            key = (path, key_of(leaf))
            holders[key].add(name)
            values[key] = leaf
    bundles: dict[frozenset[str], list[tuple[Path, Any]]] = defaultdict(list)
    for key, names in holders.items():
        if len(names) > 1:
            bundles[frozenset(names)].append((key[0], values[key]))
    taken: set[str] = {layer.name for layer in sharing.groups}
    told: dict[str, set[Path]] = defaultdict(set)
    for devices, found in sorted(
        bundles.items(), key=lambda item: (-len(item[0]), sorted(item[0]))
    ):
        name = _exception_name(found, taken)
        sharing.exceptions.append(Layer(name, name, "yes", tree_of(found), devices))
        for device in devices:
            told[device].update(path for path, _ in found)
    return {
        name: tree_of((path, leaf) for path, leaf in leaves(patch) if path not in told[name])
        for name, patch in rest.items()
    }


def _exception_name(found: Iterable[tuple[Path, Any]], taken: set[str]) -> str:
    path, value = min(found, key=lambda item: (len(item[0]), item[0]))
    words = [key for key in path[-2:] if key not in ("desired", "tags", "modules", "env")]
    if isinstance(value, (str, int, float)):
        words.append(str(value).rsplit("/", 1)[-1])
    elif value is None:
        words.insert(0, "no")
    slug = re.sub(r"[^A-Za-z0-9.]+", "-", "-".join(words)).strip("-.")[:40].strip("-.") or "some"
    name, number = slug, 1
    while name in taken:
        number += 1
        name = f"{slug}-{number}"
    taken.add(name)
    return name
