"""Settings: values at paths of desired properties, as configurations and deployments name them.

The keys of their content are `properties.desired`, and paths below it such as
`properties.desired.chiller.temperature`. A setting replaces what is at its path.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from edgeops.jsonvalue import JsonObject, merge_patch
from edgeops.localhub.limits import MAX_LEVELS
from edgeops.localhub.state import errors
from edgeops.localhub.steps import Steps

DESIRED = "properties.desired"
Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TwinSetting:
    """A value of the desired properties at a path; None deletes what is there."""

    path: Path
    value: Any


Settings = tuple[TwinSetting, ...]


def settings_of(content: Any, subject: str) -> Settings:
    """The settings in a content by path, outer paths first; messages name `subject`.

    Raises `HubFault` 400.
    """
    if not isinstance(content, dict):
        raise errors.bad_content(f"The content of {subject} must be an object.")
    settings = []
    for key, value in content.items():
        if key != DESIRED and not key.startswith(DESIRED + "."):
            raise errors.bad_content(f"{subject} has '{key}': not a desired property.")
        path = tuple(key.split(".")[2:])
        if len(path) > MAX_LEVELS + 1:
            raise errors.bad_content(
                f"{subject} has a path that is deeper than {MAX_LEVELS} levels."
            )
        if not path and not isinstance(value, dict):
            raise errors.bad_content(f"'{DESIRED}' of {subject} must be an object.")
        settings.append(TwinSetting(path, value))
    return tuple(sorted(settings, key=lambda setting: len(setting.path)))


def in_effect(layers: Sequence[Settings]) -> Steps[tuple[Settings, ...]]:
    """Of each layer, lowest first, the settings that no higher layer replaces."""
    kept: list[Settings] = []
    above: set[Path] = set()
    for layer in reversed(layers):
        kept.append(tuple(setting for setting in layer if not _is_replaced(setting.path, above)))
        above.update(setting.path for setting in layer)
        yield
    return tuple(reversed(kept))


def _is_replaced(path: Path, above: set[Path]) -> bool:
    """Whether settings above have this path, or one around it."""
    return bool(above) and any(path[:length] in above for length in range(len(path) + 1))


def with_settings(values: JsonObject, settings: Iterable[TwinSetting]) -> JsonObject:
    """The values after settings, in their order; neither argument is changed."""
    changed = _copy(values)
    for setting in settings:
        value = None if setting.value is None else merge_patch({}, setting.value)
        if setting.path:
            _set(changed, setting.path, value)
        else:
            changed = value or {}
    return changed


def without_paths(values: JsonObject, paths: Iterable[Path]) -> JsonObject:
    """The values without those at the paths, and without the objects that this empties."""
    left = _copy(values)
    for path in paths:
        if not path:
            return {}
        _remove(left, path)
    return left


def _copy(value: JsonObject) -> JsonObject:
    return {k: _copy(item) if isinstance(item, dict) else item for k, item in value.items()}


def _set(target: JsonObject, path: Path, value: Any) -> None:
    """Set the value at a path; None deletes it."""
    for key in path[:-1]:
        child = target.get(key)
        if not isinstance(child, dict):
            if value is None:
                return
            child = target[key] = {}
        target = child
    if value is None:
        target.pop(path[-1], None)
    else:
        target[path[-1]] = value


def _remove(target: JsonObject, path: Path) -> None:
    parents = []
    for key in path:
        if not isinstance(target, dict) or key not in target:
            return
        parents.append((target, key))
        target = target[key]
    for parent, key in reversed(parents):
        del parent[key]
        if parent:
            return
