"""Sizes of tags and desired properties that surely violate no limit but those of their size.

`limits.check_section` finds every violation with its path. Nearly no section has one; this tells so
in one walk, and what the stamp needs to know of the section as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from edgeops.limits import DEPTH, INTEGER_MAX, INTEGER_MIN, KEY_BYTES, TEXT_BYTES
from edgeops.secret_reference import VARIABLE

_NOT_IN_KEYS = frozenset(".$# ")
_KNOWN_KEYS = 4096


@dataclass(frozen=True, slots=True)
class PlainSection:
    """The `size` of a section as `limits.size`, and its `stamp`: as `Owned.length`, or more."""

    size: int
    stamp: int


class _NotPlain(Exception):
    """Whether a limit is violated is not known here."""


def plain_section(name: str, value: Any) -> PlainSection | None:
    """The sizes of a section of this name; None if it may violate a limit, or is not ASCII."""
    try:
        size, leaves, length = _measure(value, 0)
    except _NotPlain:
        return None
    return PlainSection(size, length + leaves * (len(name) + 1 + 2))


def _measure(value: Any, depth: int) -> tuple[int, int, int]:
    """The size, the number of leaves, and the length of their paths, each key with its slash."""
    kind = value.__class__
    if kind is str:
        if len(value) > TEXT_BYTES or not (value.isascii() and value.isprintable()):
            raise _NotPlain
        return len(value), 1, 0
    if kind is dict and depth <= DEPTH and VARIABLE not in value:
        size = leaves = length = 0
        for key, item in value.items():
            key_size = _key_size(key)
            inner_size, inner_leaves, inner_length = _measure(item, depth + 1)
            size += key_size + inner_size
            leaves += inner_leaves
            length += inner_length + inner_leaves * (key_size + 1)
        return size, leaves or 1, length
    if kind is bool:
        return 4, 1, 0
    if kind is float or (kind is int and INTEGER_MIN <= value <= INTEGER_MAX):
        return 8, 1, 0
    if kind is list and depth <= DEPTH:
        return sum(_in_list(item, depth + 1) for item in value), 1, 0
    raise _NotPlain


def _in_list(item: Any, depth: int) -> int:
    if item is None:
        raise _NotPlain
    return _measure(item, depth)[0]


@lru_cache(_KNOWN_KEYS)
def _key_size(key: str) -> int:
    if len(key) > KEY_BYTES or not (key.isascii() and key.isprintable()):
        raise _NotPlain
    if not _NOT_IN_KEYS.isdisjoint(key):
        raise _NotPlain
    return len(key)
