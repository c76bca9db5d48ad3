"""Sizes of tags and desired properties that surely violate no limit but those of their size.

`limits.check_section` finds every violation with its path. Nearly no section has one; this tells so
in one walk, and what the stamp needs to know of the section as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from edgeops.jsonvalue import JsonObject
from edgeops.limits import DEPTH, INTEGER_MAX, INTEGER_MIN, KEY_BYTES, TEXT_BYTES
from edgeops.secret_reference import VARIABLE

_NOT_IN_KEYS = re.compile("[.$# ]")


@dataclass(frozen=True, slots=True)
class PlainSection:
    """The `size` of a section as `limits.size`, and its `stamp`: as `Owned.length`, or more."""

    size: int
    stamp: int


class _NotPlain(Exception):
    """Whether a limit is violated is not known here."""


def plain_section(name: str, value: JsonObject) -> PlainSection | None:
    """The sizes of a section of this name; None if it may violate a limit, or is not ASCII."""
    walk = _Walk()
    try:
        leaves, length = walk.through(value, 0)
    except _NotPlain:
        return None
    keys, texts = "".join(walk.keys), "".join(walk.texts)
    longest_key, longest = (max(map(len, found), default=0) for found in (walk.keys, walk.texts))
    if longest_key > KEY_BYTES or longest > TEXT_BYTES or _NOT_IN_KEYS.search(keys):
        return None
    if not _is_plain(keys) or not _is_plain(texts) or VARIABLE in walk.keys:
        return None  # of a secret, the stamp says something else
    size = len(keys) + len(texts) + walk.others
    return PlainSection(size, length + leaves * (len(name) + 1 + 2))


def _is_plain(text: str) -> bool:
    """Whether every character is one byte, and counts."""
    return text.isascii() and text.isprintable()


@dataclass(slots=True)
class _Walk:
    """The keys and texts in a section, and the size of its other values."""

    keys: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    others: int = 0

    def through(self, value: JsonObject, depth: int) -> tuple[int, int]:
        """The number of leaves, and the length of their paths, each key with its slash."""
        if depth > DEPTH:
            raise _NotPlain
        self.keys += value
        leaves = len(value)
        length = sum(map(len, value)) + leaves
        for key, item in value.items():
            kind = item.__class__
            if kind is str:
                self.texts.append(item)
            elif kind is dict:
                inner, inner_length = self.through(item, depth + 1)
                leaves += inner - 1
                length += inner_length + (inner - 1) * (len(key) + 1)
            else:
                size = self.size_of(item, depth + 1)  # it can add to the others as well
                self.others += size
        return leaves or 1, length

    def size_of(self, item: Any, depth: int) -> int:
        """The size of a value that is neither a text nor a member."""
        kind = item.__class__
        if kind is bool:
            return 4
        if kind is float or (kind is int and INTEGER_MIN <= item <= INTEGER_MAX):
            return 8
        if kind is list and depth <= DEPTH:
            return sum(self.size_in_list(each, depth + 1) for each in item)
        raise _NotPlain

    def size_in_list(self, item: Any, depth: int) -> int:
        """The size of an item of a list, besides its keys and texts."""
        if isinstance(item, dict):
            self.through(item, depth)
            return 0
        if isinstance(item, str):
            self.texts.append(item)
            return 0
        return self.size_of(item, depth)
