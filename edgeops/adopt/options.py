"""createOptions of modules: joined from their chunks, as an object.

IoT Edge reads `createOptions`, `createOptions01`, ... in this order, without a gap and ignoring
case, and parses the joined text with Json.NET; nothing is an empty object. Source:
`ChunkedProperty` and `DockerConfig` of Microsoft's edgeAgent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from edgeops.adopt.json_text import BadJson, read_text
from edgeops.jsonvalue import JsonObject

OPTIONS = "createOptions"
UNPARSED = "createOptionsText"  # in place of it: a text that no container engine can read

_CHUNK = re.compile(r"createOptions(\d*)\Z", re.IGNORECASE)
SECTIONS = ("systemModules", "modules")  # of $edgeAgent's desired properties


class BadOptions(Exception):
    """The createOptions of a module are not a JSON object."""


def joined(settings: Mapping[str, Any], unquoted: set[str] | None = None) -> JsonObject:
    """The settings of a module with createOptions as an object. Raises BadOptions.

    The pointers of placeholders that stood for a value in its text are added to `unquoted`.
    """
    chunks = {key: found[1] for key in settings if (found := _CHUNK.match(key))}
    if not chunks:
        return dict(settings)
    rest = {key: value for key, value in settings.items() if key not in chunks}
    text = _text({chunks[key]: settings[key] for key in chunks})
    return {**rest, OPTIONS: _parsed(text, set() if unquoted is None else unquoted)}


def kept(settings: Mapping[str, Any]) -> JsonObject:
    """The settings with unreadable createOptions as the text `createOptionsText`."""
    rest = {key: value for key, value in settings.items() if not _CHUNK.match(key)}
    chunks = (settings[key] for key in sorted(settings, key=str.lower) if _CHUNK.match(key))
    return {**rest, UNPARSED: "".join(chunk if isinstance(chunk, str) else "" for chunk in chunks)}


def with_settings(
    agent: JsonObject, change: Callable[[tuple[str, str], JsonObject], JsonObject]
) -> JsonObject:
    """`$edgeAgent`'s desired properties with the settings of every module changed.

    `change` gets where a module stands (`("modules", "camera")`) and its settings.
    """
    result = dict(agent)
    for section in SECTIONS:
        modules = agent.get(section)
        for name, module in modules.items() if isinstance(modules, dict) else ():
            settings = module.get("settings") if isinstance(module, dict) else None
            if isinstance(settings, dict):
                changed = {**module, "settings": change((section, name), settings)}
                result[section] = {**result[section], name: changed}
    return result


def _text(chunks: Mapping[str, Any]) -> Any:
    """The joined text; an object, as templates have it, stays one."""
    if list(chunks) == [""] and not isinstance(chunks[""], str):
        return chunks[""]
    for index, number in enumerate(sorted(chunks, key=lambda digits: (len(digits), digits))):
        if (int(number) if number else 0) != index or (index == 0) != (number == ""):
            raise BadOptions(f"have the part `{OPTIONS}{number}`, but not the one before it")
        if not isinstance(chunks[number], str):
            raise BadOptions(f"have a part `{OPTIONS}{number}` that is not a text")
    return "".join(chunks[key] for key in sorted(chunks))


def _parsed(value: Any, unquoted: set[str]) -> JsonObject:
    if isinstance(value, str):
        if not value.strip():
            return {}
        try:
            source = read_text(OPTIONS, value, relaxed=True)
        except BadJson as error:
            at = error.problem.place
            raise BadOptions(
                f"cannot be read: its text {error.problem.message}"
                f" (line {at.line}, column {at.column} of the text)"
            ) from None
        value = source.value
        unquoted |= source.unquoted
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadOptions("are not a JSON object")
    return value
