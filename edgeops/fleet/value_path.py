"""Paths of values in a Group: `modules.opc.image`, `desired."a.b"`, `/modules/opc/image`."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from edgeops.errors import UsageError
from edgeops.fleet.layers import PARTS, Path, under_new_name
from edgeops.jsonvalue import keys_of

_PARTS = ("variables", *PARTS)
_PLAIN_KEY = re.compile(r"[\w$*-]+\Z")
_BARE = re.compile(r'[^."]+')


def show_path(path: Sequence[str | int]) -> str:
    """A path in dot notation: `desired.models.crowdedness.version`, `desired.hosts[2]`."""
    return "".join(map(_show_key, path)).removeprefix(".")


def _show_key(key: str | int) -> str:
    if isinstance(key, int):
        return f"[{key}]"
    return f".{key}" if _PLAIN_KEY.match(key) else f".{json.dumps(key, ensure_ascii=False)}"


def read_path(text: str) -> Path:
    """The path of a value below `spec` of a Group, in dot notation or as a JSON pointer.

    Raises `UsageError` for a text that is neither, or a path of nothing that a Group sets.
    """
    path = keys_of(text) if text.startswith("/") else _keys(text)
    if not path or not all(path):
        raise _not_a_path(text)
    if path[0] not in _PARTS:
        raise UsageError(
            f"`{text}` is not a path of a value that a Group sets",
            f"it starts with {', '.join(_PARTS[:-1])} or {_PARTS[-1]}",
        )
    if len(path) == 1:
        raise UsageError(f"`{text}` is not a single value", f"name one in it: {text}.KEY")
    return under_new_name(path)


def _keys(text: str) -> Path:
    keys, at = list[str](), 0
    while at < len(text) or not keys:
        if text.startswith('"', at):
            try:
                key, at = json.JSONDecoder().raw_decode(text, at)
            except ValueError:
                raise _not_a_path(text) from None
        elif bare := _BARE.match(text, at):
            key, at = bare[0], bare.end()
        else:
            raise _not_a_path(text)
        keys.append(key)
        if at < len(text) and (text[at] != "." or at + 1 == len(text)):
            raise _not_a_path(text)
        at += 1
    return tuple(keys)


def _not_a_path(text: str) -> UsageError:
    hint = 'write keys with dots between them, such as modules.opc.image or desired."a.b"'
    return UsageError(f"`{text}` is not a path", hint)
