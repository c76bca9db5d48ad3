"""Sets one value of a group in a YAML text, and changes nothing else.

A round trip through a YAML library would reformat other lines. So this edits
the text at the position from the parser, then parses the result to check that
only this value has changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from edgeops.errors import EdgeOpsError
from edgeops.fleet.layers import Path
from edgeops.fleet.secrets import masked
from edgeops.fleet.value_path import show_path
from edgeops.fleet.yaml import load
from edgeops.jsonvalue import JsonObject, same
from edgeops.promotion.splice import KIND, inline, spliced
from edgeops.promotion.value import UNSET, value_in


def set_value(text: str, group: str, path: Path, value: Any) -> str:
    """The text of a YAML file with the value set at a path below the `spec` of the Group.

    All other lines stay as they are; lines are added if the group has no such value.
    Raises `EdgeOpsError` if the file is not valid YAML or has no such group, or if
    the value cannot be changed alone.
    """
    expected = _values(text)
    spec = _group_of(expected, group)["spec"]
    steps = list(_steps(value_in(spec, path), value, path))
    if not steps:
        return text
    edited = _edited(text, group, steps)
    proven = _set(spec, path, value) and edited and same(_values_or_none(edited), expected)
    if not edited or not proven:
        raise EdgeOpsError(
            f"`{show_path(path)}` of group `{group}` cannot be changed alone",
            "the group uses a YAML alias or an unusual layout:"
            f" write `{inline(path[-1])}: {inline(masked(value, path))}` by hand",
        )
    return edited


def _edited(text: str, group: str, steps: Iterable[tuple[Path, Any]]) -> str | None:
    edited: str | None = text
    for path, value in steps:
        edited = edited and spliced(edited, group, path, value)
    return edited


def _steps(current: Any, value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """The values to set one by one, so that what stays keeps its lines and comments."""
    both = isinstance(current, dict) and isinstance(value, dict)
    if both and current and current.keys() <= value.keys():
        for key, item in value.items():
            yield from _steps(current.get(key, UNSET), item, (*path, key))
    elif not same(current, value):
        yield path, value


def _set(spec: JsonObject, path: Path, value: Any) -> bool:
    """Set the value in a spec; whether that was possible."""
    parent = spec
    for key in path[:-1]:
        parent = parent.setdefault(key, {})
        if not isinstance(parent, dict):
            return False
    parent[path[-1]] = value
    return True


def _values(text: str) -> list[Any]:
    documents, problems = load("the file", text.encode())
    if problems:
        first = problems[0]
        where = f"line {first.place.line}, column {first.place.column}"
        raise EdgeOpsError(f"{where}: {first.message}", first.hint)
    # An alias is the same object in two places: copy it, so that one can change alone.
    values = [document.value for document in documents if isinstance(document.value, dict)]
    return [json.loads(json.dumps(value)) for value in values]


def _values_or_none(text: str) -> list[Any] | None:
    try:
        return _values(text)
    except EdgeOpsError:
        return None


def _group_of(values: Iterable[Any], group: str) -> Any:
    for value in values:
        if value.get("kind") == KIND and value["metadata"]["name"] == group:
            return value
    raise EdgeOpsError(f"the file has no Group `{group}`", "check that this is the right file")
