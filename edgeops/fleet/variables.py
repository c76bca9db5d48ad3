"""Variables: `${name}` in the texts of a device stands for a value of its own.

`$${` is a literal `${`. A text that is nothing but one reference takes the type of the value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from edgeops.fleet.layers import Path
from edgeops.fleet.shown import shown
from edgeops.fleet.suggest import did_you_mean
from edgeops.jsonvalue import JsonObject

DEVICE_NAME = "device.name"
LABEL = "device.labels."

_MARK = "${"
_REFERENCE = re.compile(r"\$\$\{|\$\{([^{}$]*)(\}?)")
_MOST = 64 * 1024  # characters of one text: variables in variables could grow without bounds
_DEEPEST = 20  # variables in variables

# The parts of a device whose texts may refer to variables; in a module not these.
_FIXED = ("from", "schema")


class NotReplaced(Exception):
    """A reference that cannot be replaced: what is wrong, and what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Scope:
    """The variables of one device, as written, with those that every device has."""

    written: Mapping[str, Any]
    _values: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of_device(cls, name: str, labels: Mapping[str, str], variables: Mapping[str, Any]) -> Scope:
        """The variables of a device of this name."""
        own = {f"{LABEL}{label}": value for label, value in labels.items()}
        return cls({**variables, **own, DEVICE_NAME: name})

    def value(self, name: str, within: tuple[str, ...] = ()) -> Any:
        """The value of a variable, references in it replaced. Raises `NotReplaced`."""
        if name in within:
            circle = " -> ".join([*within[within.index(name) :], name])
            raise NotReplaced(f"the variables refer to each other in a circle: {circle}")
        if len(within) > _DEEPEST:
            raise NotReplaced(f"the variables refer to each other over {_DEEPEST} times")
        if name not in self.written:
            raise self._unknown(name)
        if name not in self._values:
            written = self.written[name]
            built_in = name == DEVICE_NAME or name.startswith(LABEL)
            self._values[name] = written if built_in else self.replaced(written, (*within, name))
        return self._values[name]

    def value_or_reason(self, name: str) -> Any:
        """The value of a variable, or the words why it has none."""
        try:
            return self.value(name)
        except NotReplaced as failure:
            return failure.message

    def replaced(self, value: Any, within: tuple[str, ...] = ()) -> Any:
        """A value with the references in it replaced, if it is a text. Raises `NotReplaced`."""
        if not isinstance(value, str) or _MARK not in value:
            return value
        whole = _REFERENCE.fullmatch(value)
        if whole and whole[1] is not None and whole[2]:
            return self.value(whole[1], within)
        parts: list[str] = []
        length = end = 0
        for match in _REFERENCE.finditer(value):
            parts += value[end : match.start()], self._text(match, within)
            length += len(parts[-2]) + len(parts[-1])
            if length > _MOST:
                raise NotReplaced(f"becomes longer than {_MOST:,} characters by its variables")
            end = match.end()
        return "".join([*parts, value[end:]])

    def _text(self, match: re.Match[str], within: tuple[str, ...]) -> str:
        if match[1] is None:
            return _MARK
        if not match[2]:
            raise NotReplaced(
                f"`{shown(match[0])}` is not closed by `}}`", "write `$${` for a literal `${`"
            )
        return as_text(self.value(match[1], within))

    def _unknown(self, name: str) -> NotReplaced:
        hint = did_you_mean(name, self.written)
        if not hint:
            hint = "define it in `variables`; write `$${` for a literal `${`"
        return NotReplaced(f"there is no variable `{shown(name)}`", hint)


def as_text(value: Any) -> str:
    """The text of a variable's value within a longer text, as JSON writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def as_json(value: Any) -> bytes:
    """The JSON text of a value, equal for equal values: their keys are sorted."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:  # integers beyond 64 bits, lone surrogates, too many levels
        return json.dumps(value, sort_keys=True).encode()


def references(value: Any) -> frozenset[str]:
    """The names that the texts of a value refer to; `""` for an escape or a malformed reference."""
    if not value or _MARK.encode() not in as_json(value):  # nearly always, and fast to know
        return frozenset()
    matches = (match for _, text in texts(value) for match in _REFERENCE.finditer(text))
    return frozenset((match[1] or "") if match[2] else "" for match in matches)


def texts(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every text in a value that may hold a reference or an escape, with its path."""
    if isinstance(value, str):
        if _MARK in value:
            yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            if not (len(path) == 2 and path[0] == "modules" and key in _FIXED):
                yield from texts(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from texts(item, (*path, str(index)))


def replace_in(document: JsonObject, scope: Scope) -> tuple[JsonObject, dict[Path, NotReplaced]]:
    """The parts of a device with the references in all their texts replaced, and what failed."""
    failed: dict[Path, NotReplaced] = {}

    def replaced(value: Any, path: Path) -> Any:
        if isinstance(value, str):
            try:
                return scope.replaced(value)
            except NotReplaced as failure:
                failed[path] = failure
                return value
        if isinstance(value, dict):
            if len(path) == 2 and path[0] == "modules":
                return {
                    key: item if key in _FIXED else replaced(item, (*path, key))
                    for key, item in value.items()
                }
            return {key: replaced(item, (*path, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [replaced(item, (*path, str(index))) for index, item in enumerate(value)]
        return value

    return {part: replaced(value, (part,)) for part, value in document.items()}, failed
