"""The content of `$edgeAgent` and `$edgeHub`, compared the way IoT Edge reads it.

Sources: "Learn how to deploy modules and establish routes in IoT Edge" and "Properties of the IoT
Edge agent and IoT Edge hub module twins" (Microsoft Learn); `DockerConfig`, `EnvVal` and
`ModuleConfig` of IoT Edge.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from edgeops.jsonvalue import JsonObject, leaves, merge_patch, same
from edgeops.stamp_paths import Path
from edgeops.twin import EDGE_AGENT, EDGE_HUB, diff

# Their entries are removed as a whole: IoT Edge cannot use part of a module or route.
_UNITS = {EDGE_AGENT: ("modules",), EDGE_HUB: ("routes",)}

_CREATE_OPTIONS = re.compile(r"createOptions(\d\d)?\Z")

_DEEPEST = 50  # levels of create options; Docker reads fewer than 10
_VERSION = "schemaVersion"

# Objects that stay when all that git named in them is gone.
_OBJECTS = ("runtime", "systemModules", "modules", "routes")

# What IoT Edge takes when a module has no value.
_ABSENT = {"imagePullPolicy": "on-create", "startupOrder": 4294967295}

# What IoT Edge cannot do without: it stays when git no longer names it.
_NEEDED = {"type", "status", "restartPolicy"}


def content_patch(
    live: JsonObject,
    want: JsonObject,
    defaults: JsonObject,
    owned: Iterable[Path],
    system_module: str,
    *,
    new: bool,
) -> JsonObject:
    """The merge patch that makes the live content of a system module agree with git.

    `want` is what git names, `defaults` what a `new` device gets besides; a module that is new on a
    device gets its own. Values that mean the same to IoT Edge are equal; a module or route that git
    no longer has is removed as a whole; what IoT Edge cannot do without is never removed.
    """
    needs_1_1 = live.get(_VERSION) == "1.0" and _VERSION not in want
    want = _with_objects_of(live, _filled(live, want, defaults, new=new))
    if system_module == EDGE_AGENT:
        live = _agent_as_wanted(live, want)
    else:
        want = _routes_as_live(live, want)
    owned = frozenset(owned)
    removable = {path for path in owned if not _needed(path)} - _options_paths(live)
    for group in _UNITS[system_module]:
        live_units, want_units = _object(live.get(group)), _object(want.get(group))
        gone = {path[1] for path in owned if len(path) > 1 and path[0] == group}
        removable |= {
            (group, name, *path)
            for name in gone & (live_units.keys() - want_units.keys())
            for path, _ in leaves(live_units[name])
        }
    removable |= _options_removed(live, want, owned)
    patch = _with_whole_options(diff(live, want, removable), want)
    if needs_1_1 and _writes_1_1(patch):
        patch[_VERSION] = "1.1"
    return patch


# --- defaults of what is new ----------------------------------------------------------


def _filled(live: JsonObject, want: JsonObject, defaults: JsonObject, *, new: bool) -> JsonObject:
    """What git names, with the defaults of everything that is new on the device."""
    if new:
        whole: JsonObject = _below(live, want, defaults)
        return whole
    filled = dict(want)
    for group in ("systemModules", "modules"):
        units = _object(want.get(group))
        present = _object(live.get(group))
        fresh = {
            name: _below({}, unit, _object(defaults.get(group)).get(name, {}))
            for name, unit in units.items()
            if name not in present
        }
        if fresh:
            filled[group] = {**units, **fresh}
    return filled


def _below(live: Any, want: Any, defaults: Any) -> Any:
    """The defaults where neither git nor the device has a value, below what git names."""
    if not isinstance(want, dict) or not isinstance(defaults, dict):
        return want
    live = _object(live)
    merged = dict(want)
    for key, default in defaults.items():
        if key in want:
            merged[key] = _below(live.get(key), want[key], default)
        elif isinstance(default, dict) and isinstance(live.get(key), dict):
            if below := _below(live[key], {}, default):
                merged[key] = below
        elif key not in live:
            merged[key] = default
    return merged


def _with_objects_of(live: JsonObject, want: JsonObject) -> JsonObject:
    """What git names, with the objects that IoT Edge needs even when nothing is left in them."""
    kept: JsonObject = {key: {} for key in _OBJECTS if isinstance(live.get(key), dict)}
    if isinstance(_object(live.get("runtime")).get("settings"), dict):
        kept["runtime"] = {"settings": {}}
    return merge_patch(kept, want) if kept else want


def _writes_1_1(patch: JsonObject) -> bool:
    """Whether a patch writes what schema version 1.0 lacks: objects as routes, startup orders."""
    routes = _object(patch.get("routes")).values()
    modules = [*_object(patch.get("modules")).values()]
    modules += _object(patch.get("systemModules")).values()
    return any(value is not None for route in routes for value in _object(route).values()) or any(
        _object(module).get("startupOrder") is not None for module in modules
    )


# --- equal in meaning -----------------------------------------------------------------


def _agent_as_wanted(live: JsonObject, want: JsonObject) -> JsonObject:
    """The live content with the values of git where they mean the same."""
    result = dict(live)
    for group in ("systemModules", "modules"):
        units = dict(_object(live.get(group)))
        for name, wanted in _object(want.get(group)).items():
            if isinstance(units.get(name), dict):
                units[name] = _module_as_wanted(units[name], _object(wanted))
        if units:
            result[group] = units
    return result


def _module_as_wanted(live: JsonObject, want: JsonObject) -> JsonObject:
    unsaid = {k: v for k, v in _ABSENT.items() if k not in live and want.get(k) == v}
    result = {**live, **unsaid}
    wanted_env, env = _object(want.get("env")), _object(live.get("env"))
    if equal := {
        name: value
        for name, value in wanted_env.items()
        if name in env and _env_text(value) is not None and _env_text(env[name]) == _env_text(value)
    }:
        result["env"] = {**env, **equal}
    settings, wanted = live.get("settings"), _object(want.get("settings"))
    if isinstance(settings, dict) and options_in(wanted) and _same_options(settings, wanted):
        result["settings"] = {**_without_options(settings), **options_in(wanted)}
    return result


def _env_text(entry: Any) -> str | None:
    """The text that a container gets for an entry of `env`; None if that is not known."""
    value = entry.get("value") if isinstance(entry, dict) else None
    if isinstance(value, str):
        return value
    return json.dumps(value) if isinstance(value, (bool, int, float)) else None


def _same_options(live: JsonObject, want: JsonObject) -> bool:
    live_options, want_options = parsed_options(live), parsed_options(want)
    if live_options is None or want_options is None:
        return live_options is want_options and joined_options(live) == joined_options(want)
    return same(without_nulls(live_options), without_nulls(want_options))


def parsed_options(settings: JsonObject) -> JsonObject | None:
    """The create options in the settings of a module, chunks joined; None if unreadable.

    Absent options are empty ones.
    """
    joined: Any = joined_options(settings)
    if isinstance(joined, str):
        try:
            joined = json.loads(joined.strip() or "{}")
        except (ValueError, RecursionError):
            return None
        joined = {} if joined is None else joined  # `null` is what some tools write
    return joined if isinstance(joined, dict) and _is_shallow(joined) else None


def _is_shallow(value: Any) -> bool:
    """Whether a value has no more levels than create options can have."""
    level = [value]
    for _ in range(_DEEPEST):
        level = [
            item
            for outer in level
            if isinstance(outer, (dict, list))
            for item in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return not level


def joined_options(settings: JsonObject) -> JsonObject | str | None:
    """The text of create options, chunks joined, or the object that some tools write."""
    chunks = [value for _, value in sorted(options_in(settings).items())]
    if len(chunks) == 1 and isinstance(chunks[0], dict):
        return chunks[0]
    return "".join(chunks) if all(isinstance(chunk, str) for chunk in chunks) else None


def without_nulls(value: Any) -> Any:
    """A value of Docker's API without the nulls in its objects, which are its absent values."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value


def _routes_as_live(live: JsonObject, want: JsonObject) -> JsonObject:
    """The routes of git in the form of the live ones, where they have both forms.

    A text, or an object with nothing but the text, names only the route: the priority and the time
    to live on the hub stay.
    """
    routes, live_routes = _object(want.get("routes")), _object(live.get("routes"))
    if not routes:
        return want
    formed = {name: _in_form_of(live_routes.get(name), route) for name, route in routes.items()}
    return {**want, "routes": formed}


def _in_form_of(live: Any, route: Any) -> Any:
    if isinstance(route, str) and isinstance(live, dict):
        return {"route": route}
    if isinstance(live, str) and isinstance(route, dict) and route.keys() == {"route"}:
        return route["route"]
    return route


# --- what is removed ------------------------------------------------------------------


def _needed(path: Path) -> bool:
    match path:
        case ("schemaVersion",) | ("runtime", "type") | ("runtime", "settings", "minDockerVersion"):
            return True
        case ("storeAndForwardConfiguration", *_):
            return True
        case ("modules" | "systemModules", _, key):
            return key in _NEEDED
        case ("modules" | "systemModules", _, "settings", "image"):
            return True
    return False


def _options_removed(live: JsonObject, want: JsonObject, owned: Collection[Path]) -> set[Path]:
    """The chunks of live create options that git gives another value, or gave up.

    Chunks make sense together only. Empty options stay: they mean the same as none.
    """
    paths: set[Path] = set()
    for group, name, _, key in _options_paths(live):
        settings = live[group][name]["settings"]
        at = (group, name, "settings")
        replaced = options_in(_object(_object(_object(want.get(group)).get(name)).get("settings")))
        given_up = any((*at, chunk) in owned for chunk in options_in(settings))
        if replaced or (given_up and parsed_options(settings) != {}):
            paths |= {(*at, key, *below) for below, _ in leaves(settings[key])}
    return paths


def _options_paths(live: JsonObject) -> set[Path]:
    """The path of each chunk of create options on the device."""
    return {
        (group, name, "settings", key)
        for group in ("systemModules", "modules")
        for name, unit in _object(live.get(group)).items()
        for key in options_in(_object(_object(unit).get("settings")))
    }


def _with_whole_options(patch: JsonObject, want: JsonObject) -> JsonObject:
    """The patch with all chunks of create options of which it changes one, to be read as JSON.

    This writes nothing more: a deployment is always written as a whole.
    """
    whole = dict(patch)
    for group in ("systemModules", "modules"):
        for name, unit in _object(patch.get(group)).items():
            settings = _object(_object(unit).get("settings"))
            wanted = _object(_object(_object(want.get(group)).get(name)).get("settings"))
            missing = options_in(wanted).keys() - settings.keys()
            if missing and options_in(settings):
                settings = dict(sorted({**options_in(wanted), **settings}.items()))
                whole[group] = {**whole[group], name: {**unit, "settings": settings}}
    return whole


def options_in(settings: Mapping[str, Any]) -> JsonObject:
    """The create options in the settings of a module, by their keys: one for each chunk."""
    return {key: value for key, value in settings.items() if _CREATE_OPTIONS.match(key)}


def _without_options(settings: Mapping[str, Any]) -> JsonObject:
    return {key: value for key, value in settings.items() if not _CREATE_OPTIONS.match(key)}


def _object(value: Any) -> JsonObject:
    return value if isinstance(value, dict) else {}
