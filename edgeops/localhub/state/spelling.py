"""The values of enumerations, which clients write in any case."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def spelled_as(spellings: Iterable[str], value: Any) -> str | None:
    """The one of these (Azure's) spellings that a value is but for the case, None if it is none."""
    if not isinstance(value, str):
        return None
    folded = value.lower()
    return next((spelling for spelling in spellings if spelling.lower() == folded), None)
