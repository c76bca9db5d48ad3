"""Semantic versions of published models (semver.org, 2.0.0)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from edgeops.errors import UsageError

# As `version` in schemas/modelrelease.schema.json.
_NUMBER = "(0|[1-9][0-9]*)"
_VERSION = re.compile(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?\Z"
)

Precedence = tuple[int, int, int, bool, tuple[tuple[bool, int, str], ...]]


def precedence(version: str) -> Precedence:
    """What versions are sorted by: `1.0.0-rc.2` is before `1.0.0-rc.10`, that before `1.0.0`.

    Raises `UsageError` for what is not major.minor.patch with, perhaps, a pre-release.
    """
    match = _VERSION.match(version)
    if match is None:
        raise UsageError(
            f"`{version}` is not a version", "give major.minor.patch, as in 1.2.0 or 1.2.0-rc.1"
        )
    major, minor, patch, pre = match.groups()
    words = tuple(map(_identifier, pre.split("."))) if pre else ()
    return int(major), int(minor), int(patch), not words, words


def _identifier(word: str) -> tuple[bool, int, str]:
    """Numbers are less than words, and compared as numbers."""
    number = word.isdecimal()
    return not number, int(word) if number else 0, "" if number else word


def next_version(existing: Iterable[str]) -> str:
    """The version of a model that was trained again: the next minor one, 1.0.0 at first.

    After a pre-release comes what it was for: 1.1.0-rc.1, then 1.1.0.
    """
    newest = max(map(precedence, existing), default=None)
    if newest is None:
        return "1.0.0"
    major, minor, patch, released, _ = newest
    return f"{major}.{minor + 1}.0" if released else f"{major}.{minor}.{patch}"
