"""Settings as trees: their leaves, and the patch between two of them.

A leaf is a value that layers replace as a whole: a text, a number, a list, an empty object, or a
reference to a secret.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from edgeops.fleet.layers import NULLABLE, Path
from edgeops.jsonvalue import JsonObject, same
from edgeops.secret_reference import is_secret


def tree_of(values: Iterable[tuple[Path, Any]]) -> JsonObject:
    """The tree with these leaves. Where two exclude each other, the first stays."""
    tree: JsonObject = {}
    for path, value in values:
        put(tree, path, value)
    return tree


def put(tree: JsonObject, path: Path, value: Any) -> None:
    """Set a leaf, unless a leaf above or values below it are there."""
    *above, last = path
    for key in above:
        below = tree.setdefault(key, {})
        if not isinstance(below, dict) or is_secret(below):
            return
        tree = below
    tree.setdefault(last, value)


def at(tree: Any, path: Path) -> Any:
    """The value at a path; None if there is none."""
    for key in path:
        tree = tree.get(key) if isinstance(tree, dict) else None
    return tree


def difference(below: JsonObject, want: JsonObject) -> JsonObject:
    """What to lay over a tree so that it becomes another one; null removes."""
    patch: JsonObject = {}
    for key, value in want.items():
        if key not in below:
            patch[key] = value
        elif _mergeable(below[key]) and _mergeable(value):
            if inner := difference(below[key], value):
                patch[key] = inner
        elif not same(below[key], value):
            patch[key] = value
    patch.update((key, None) for key in below if key not in want)
    return patch


def laid(below: JsonObject, patch: JsonObject) -> JsonObject:
    """The tree with a patch over it; settings whose null is a value keep it."""
    result = dict(below)
    for key, value in patch.items():
        if value is None and key not in NULLABLE:
            result.pop(key, None)
        elif _mergeable(value) and _mergeable(result.get(key)):
            result[key] = laid(result[key], value)
        else:
            result[key] = value
    return result


def key_of(value: Any) -> str:
    """A text that is equal for equal JSON values."""
    return json.dumps(value, sort_keys=True)


def _mergeable(value: Any) -> bool:
    return isinstance(value, dict) and not is_secret(value)
