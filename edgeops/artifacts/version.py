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
    """The sort key of a version: `1.0.0-rc.2` precedes `1.0.0-rc.10`, which precedes `1.0.0`.

    Raises `UsageError` if it is not major.minor.patch with an optional pre-release.
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
    """The sort key of an identifier: numbers precede words."""
    number = word.isdecimal()
    return not number, int(word) if number else 0, "" if number else word


def next_version(existing: Iterable[str]) -> str:
    """The version of a model that was trained again: the next minor version, at first 1.0.0.

    A pre-release is followed by its release: 1.1.0 after 1.1.0-rc.1.
    """
    newest = max(map(precedence, existing), default=None)
    if newest is None:
        return "1.0.0"
    major, minor, patch, released, _ = newest
    return f"{major}.{minor + 1}.0" if released else f"{major}.{minor}.{patch}"
