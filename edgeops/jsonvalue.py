"""JSON values: pointers into them, their leaves, comparison and merge patch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

JsonObject = dict[str, Any]


def pointer(*keys: str | int) -> str:
    """The JSON pointer of a path: `pointer("a", "b/c")` is `/a/b~1c`; no keys is the root."""
    return "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in keys)


def keys_of(path: str) -> tuple[str, ...]:
    """The path of a JSON pointer; the inverse of `pointer` for string keys."""
    if "~" not in path:
        return tuple(path.split("/")[1:])
    return tuple(key.replace("~1", "/").replace("~0", "~") for key in path.split("/")[1:])


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every path to a value that is not an object or is an empty one, in sorted order."""
    if isinstance(value, dict) and value:
        for key in sorted(value):
            yield from leaves(value[key], (*path, key))
    else:
        yield path, value


class TheVery:
    """A value that equals no other one than itself, to cache what is made of it.

    It holds the value, whose id stands for it. Nobody may change a value that is shared like this.
    """

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TheVery) and self.value is other.value


def same(a: Any, b: Any) -> bool:
    """Whether two JSON values are equal by type and value: `1` is not `true`, `1` is `1.0`."""
    kind = type(a)
    if kind is not type(b):
        return bool not in (kind, type(b)) and bool(a == b)
    if kind is dict:
        return bool(a.keys() == b.keys()) and all(same(a[key], b[key]) for key in a)
    if kind is list:
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b)


def merge_patch(target: Any, patch: Any) -> Any:
    """The target with a JSON merge patch applied (RFC 7396); neither argument is changed."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged
