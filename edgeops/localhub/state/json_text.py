"""JSON as clients send it: parsed, and neither so deep nor of so many values that it could harm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from edgeops.localhub.state import errors

MAX_NESTING = 64
# What a text of them costs: 60 ms. A bulk request of 100 ordinary twins has a tenth of it.
MAX_VALUES = 100_000
MAX_CONTAINERS = 20_000


def parse_json(raw: bytes | bytearray) -> Any:
    """The value of a JSON text. Raises `HubFault` 400."""
    containers = raw.count(b"[") + raw.count(b"{")  # those in texts too: it must be quick
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


def count_values(value: Any) -> int:
    """How many values there are in a value, itself left out."""
    return sum(map(len, _levels(value)))


def _levels(value: Any) -> Iterator[list[Any]]:
    """The values in a value, level by level: deep input must not exhaust the stack."""
    level = [value]
    while containers := [item for item in level if isinstance(item, dict | list)]:
        level = [
            item
            for container in containers
            for item in (container.values() if isinstance(container, dict) else container)
        ]
        yield level
