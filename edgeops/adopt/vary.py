"""Finds the values that are another one on most devices: they become variables."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edgeops.adopt.tree import key_of, tree_of
from edgeops.fleet.layers import Path
from edgeops.fleet.variables import DEVICE_NAME, LABEL
from edgeops.jsonvalue import JsonObject
from edgeops.secret_reference import values_in

Trees = dict[str, JsonObject]  # settings by device

_FEW = 4  # values of a setting that can each get a group; with more, the setting is a variable
_SEVERAL = 3  # devices from which on a variable is shorter than the values
_SHORTEST = 2  # characters of a name that is replaced within longer texts
_FIXED = frozenset(  # settings of a few words or a number, which no variable stands for
    ("status", "restartPolicy", "imagePullPolicy", "startupOrder", "priority", "timeToLiveSecs")
)


@dataclass(frozen=True, slots=True)
class TagGrouping:
    """The label by which devices are grouped, if they are, and its value on each."""

    label: str | None
    values: Mapping[str, str]

    def kinds(self, by_device: Mapping[str, Any]) -> list[set[str]]:
        """The different values of a setting in each group."""
        kinds: dict[str, set[str]] = defaultdict(set)
        for device, value in by_device.items():
            kinds[self.values.get(device, "")].add(key_of(value))
        return list(kinds.values())

    def decides(self, by_device: Mapping[str, Any]) -> bool:
        """Whether a setting mostly has one value in each group, and not the same in all."""
        if self.label is None:
            return False
        kinds = self.kinds(by_device)
        alike = [values for values in kinds if len(values) == 1]
        return (
            2 * len(alike) > len(kinds)
            and len(kinds) < len(by_device)
            and len(set(map(frozenset, alike))) > 1
        )


def values_of(trees: Trees) -> dict[Path, dict[str, Any]]:
    """The value of each leaf below the sections of the trees, by device."""
    values: dict[Path, dict[str, Any]] = defaultdict(dict)
    for name, tree in trees.items():
        for path, value in values_in(tree):
            if len(path) > 1:
                values[path][name] = value
    return values


def templated(trees: Trees, grouping: TagGrouping) -> Trees:
    """The trees with the name or label of each device in a text as a variable, where this helps."""
    result = {name: tree_of(values_in(tree)) for name, tree in trees.items()}
    for path, by_device in values_of(trees).items():
        counted = Counter(map(key_of, by_device.values()))
        if len(counted) < 2 or path[-1] in _FIXED:
            continue
        templates = {
            name: template
            for name, value in by_device.items()
            if isinstance(value, str) and (template := _template(value, name, grouping)) != value
        }
        if not templates:
            continue
        best, count = Counter(templates.values()).most_common(1)[0]
        covered = [name for name, template in templates.items() if template == best]
        distinct = len({by_device[name] for name in covered})
        if count > counted.most_common(1)[0][1] and distinct > 1:
            for name in covered:
                replace(result[name], path, best)
    return result


def _template(value: str, device: str, grouping: TagGrouping) -> str:
    words = {device: DEVICE_NAME}
    if grouping.label and grouping.values.get(device):
        words.setdefault(grouping.values[device], f"{LABEL}{grouping.label}")
    for word, variable in sorted(words.items(), key=lambda item: -len(item[0])):
        if value == word:
            return f"${{{variable}}}"
        if len(word) >= _SHORTEST and word in value and "${" not in value:
            parts = re.split(rf"(?<![A-Za-z0-9]){re.escape(word)}(?![A-Za-z0-9])", value)
            if len(parts) > 1:
                return f"${{{variable}}}".join(parts)
    return value


def varies(by_device: Mapping[str, Any], path: Path, grouping: TagGrouping) -> bool:
    """Whether a setting has so many values, other than by group, that it should be a variable."""
    values = list(by_device.values())
    if path[-1] in _FIXED or not all(_is_simple(value) for value in values):
        return False
    distinct = len(set(map(key_of, values)))
    if distinct <= _FEW and (2 * distinct <= len(values) or len(values) < _SEVERAL):
        return False
    return not grouping.decides(by_device)


def _is_simple(value: Any) -> bool:
    if isinstance(value, str):
        return "${" not in value
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def variable_name(path: Path, taken: set[str]) -> str:
    """A name from the last keys of a path that no other variable has; it is taken then."""
    keys = [key for key in path if key not in ("modules", "env", "desired", "tags")]
    for count in range(1, len(keys) + 1):
        words = re.split(r"[^A-Za-z0-9]+", "-".join(keys[-count:]))
        name = "_".join(word for word in words if word)[:50] or "value"
        name = f"_{name}" if name[0].isdigit() else name
        if name not in taken:
            break
    base, number = name if keys else "value", 1
    name = base
    while name in taken:
        number += 1
        name = f"{base}_{number}"
    taken.add(name)
    return name


def replace(tree: JsonObject, path: Path, value: Any) -> None:
    """Set the value at a path that a tree has."""
    for key in path[:-1]:
        tree = tree[key]
    tree[path[-1]] = value
