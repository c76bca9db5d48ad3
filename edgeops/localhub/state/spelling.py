"""Values of enumerations and names of fields, which clients write in any case."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from typing import Any

from edgeops.jsonvalue import JsonObject


def spelled_as(spellings: Collection[str], value: Any) -> str | None:
    """The one of these (Azure's) spellings that a value is but for the case, None if it is none."""
    if not isinstance(value, str):
        return None
    if value in spellings:
        return value
    folded = value.lower()
    return next((spelling for spelling in spellings if spelling.lower() == folded), None)


def with_fields_spelled_as(spellings: tuple[str, ...], document: JsonObject) -> JsonObject:
    """The object with these fields in their (Azure's) spelling; an exact name wins."""
    by_folded = _by_folded(spellings)
    exact = {name: document[name] for name in spellings if name in document}
    return {by_folded.get(name.lower(), name): value for name, value in document.items()} | exact


@lru_cache
def _by_folded(spellings: tuple[str, ...]) -> dict[str, str]:
    return {spelling.lower(): spelling for spelling in spellings}
