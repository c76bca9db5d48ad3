"""The content of `$edgeAgent` and `$edgeHub`, compared the way IoT Edge reads it.

Source: "Learn how to deploy modules and establish routes in IoT Edge" (Microsoft Learn); the chunks
of createOptions are those of IoT Edge's `DockerConfig`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from edgeops.jsonvalue import JsonObject, leaves, same
from edgeops.stamp import Path
from edgeops.twin import EDGE_AGENT, EDGE_HUB, diff

# Their entries are removed as a whole: IoT Edge cannot use part of a module or route.
_UNITS = {EDGE_AGENT: ("modules", "systemModules"), EDGE_HUB: ("routes",)}

_CREATE_OPTIONS = re.compile(r"createOptions(\d\d)?\Z")


def content_patch(
    live: JsonObject, want: JsonObject, owned: Iterable[Path], system_module: str
) -> JsonObject:
    """The merge patch that makes the live content of a system module agree with git.

    Like `edgeops.twin.diff`, but createOptions is compared as JSON, and a module or route that git
    no longer has is removed as a whole.
    """
    owned = set(owned)
    for group in _UNITS[system_module]:
        live_units, want_units = _object(live.get(group)), _object(want.get(group))
        owned |= _all_leaves_removed(live_units, want_units, owned, group)
        for name, unit in want_units.items():
            if name not in live_units:
                continue
            path = (group, name, "settings")
            settings = _object(_object(live_units[name]).get("settings"))
            wanted = _object(_object(unit).get("settings"))
            if _same_options(settings, wanted):
                live = _replace(live, path, _without_options(settings) | _options(wanted))
            elif _options(wanted):
                owned |= {(*path, key) for key in _options(settings)}
    return diff(live, want, owned)


def _all_leaves_removed(
    live: JsonObject, want: JsonObject, owned: Iterable[Path], group: str
) -> frozenset[Path]:
    names = {path[1] for path in owned if len(path) > 1 and path[0] == group}
    return frozenset(
        (group, name, *path)
        for name in names & (live.keys() - want.keys())
        for path, _ in leaves(live[name])
    )


def _same_options(live: JsonObject, want: JsonObject) -> bool:
    live_text, want_text = _joined(live), _joined(want)
    if live_text is None or want_text is None:
        return False
    try:
        return same(json.loads(live_text or "{}"), json.loads(want_text or "{}"))
    except (ValueError, RecursionError):
        return live_text == want_text


def _joined(settings: JsonObject) -> str | None:
    """The text of createOptions, its chunks (`createOptions01`, ...) joined; None if not text."""
    chunks = [value for _, value in sorted(_options(settings).items())]
    if not chunks or not all(isinstance(chunk, str) for chunk in chunks):
        return None
    return "".join(chunks)


def _options(settings: JsonObject) -> JsonObject:
    return {key: value for key, value in settings.items() if _CREATE_OPTIONS.match(key)}


def _without_options(settings: JsonObject) -> JsonObject:
    return {key: value for key, value in settings.items() if not _CREATE_OPTIONS.match(key)}


def _replace(value: JsonObject, path: Path, item: JsonObject) -> JsonObject:
    key, *rest = path
    return {**value, key: _replace(value[key], tuple(rest), item) if rest else item}


def _object(value: Any) -> JsonObject:
    return value if isinstance(value, dict) else {}
