"""JSON as clients send it: parsed, and not nested so deep that it could harm."""

from __future__ import annotations

from typing import Any

import orjson

from edgeops.localhub.state import errors

MAX_NESTING = 64


def parsed(raw: bytes) -> Any:
    """The value of a JSON text. Raises `HubFault` 400."""
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise errors.unreadable("The body is not JSON.") from error
    if _nesting(value) > MAX_NESTING:
        raise errors.unreadable(f"The body is nested deeper than {MAX_NESTING} levels.")
    return value


def _nesting(value: Any) -> int:
    """How deep objects and arrays nest. Level by level: deep input must not exhaust the stack."""
    depth, level = 0, [value]
    while level := [item for item in level if isinstance(item, dict | list)]:
        depth += 1
        level = [
            item
            for container in level
            for item in (container.values() if isinstance(container, dict) else container)
        ]
    return depth
