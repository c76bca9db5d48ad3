"""Parses JSON from clients, with limits on its depth and number of values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from edgeops.jsonvalue import JsonObject
from edgeops.localhub.state import errors

MAX_NESTING = 64
# Parsing this many takes 60 ms. A bulk request with 100 ordinary twins has a tenth of them.
MAX_VALUES = 100_000
MAX_CONTAINERS = 20_000


def parse_json(raw: bytes | bytearray) -> Any:
    """The value of a JSON text. Raises `HubFault` 400."""
    containers = raw.count(b"[") + raw.count(b"{")  # counts those in strings too, to be fast
    if containers > MAX_CONTAINERS:
        raise errors.unreadable(f"The body holds more than {MAX_CONTAINERS:,} objects and arrays.")
    if containers + raw.count(b",") > MAX_VALUES:
        raise errors.unreadable(f"The body holds more than {MAX_VALUES:,} values.")
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise errors.unreadable("The body is not JSON.") from error
    if containers > MAX_NESTING and sum(1 for _ in _levels(value)) > MAX_NESTING:
        raise errors.unreadable(f"The body is nested deeper than {MAX_NESTING} levels.")
    return value


def require_object(value: Any, subject: str = "The body") -> JsonObject:
    """The value, which must be an object. Raises `HubFault` 400."""
    if not isinstance(value, dict):
        raise errors.unreadable(f"{subject} must be a JSON object.")
    return value


def count_values(value: Any) -> int:
    """How many values a value contains, not counting itself."""
    return sum(map(len, _levels(value)))


def _levels(value: Any) -> Iterator[list[Any]]:
    """The values inside a value, level by level: deep input must not exhaust the stack."""
    level = [value]
    while containers := [item for item in level if isinstance(item, dict | list)]:
        level = [
            item
            for container in containers
            for item in (container.values() if isinstance(container, dict) else container)
        ]
        yield level
