"""The limits of Azure IoT Hub: what a twin may hold, and how often a hub may be asked.

Sources: "Understand and use device twins" (sizes, keys, depth), "IoT Hub quotas
and throttling" (rates), both Microsoft Learn.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from edgeops.jsonvalue import pointer

TAGS_BYTES = 8 * 1024
DESIRED_BYTES = 32 * 1024
REPORTED_BYTES = 32 * 1024
VALUE_BYTES = 4096
KEY_BYTES = 1024
DEPTH = 10
INTEGER_MIN = -4503599627370496
INTEGER_MAX = 4503599627370495
MODULES_PER_DEVICE = 50

# `.` and `..` are no segments of a URL: clients and proxies resolve them away.
_ID = re.compile(r"(?!\.\.?\Z)[A-Za-z0-9\-:.+%_#*?!(),=@;$']{1,128}\Z")
_EDGE_MODULE = re.compile(r"[A-Za-z0-9_-]{1,128}\Z")
# C0, DEL and C1 control characters do not count, and may not be in a key.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_KEY_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f.$ ]")


@dataclass(frozen=True, slots=True, order=True)
class Violation:
    """One broken hub limit: the JSON pointer inside the section, and what is wrong."""

    pointer: str
    message: str


def is_id(name: str) -> bool:
    """Whether the hub takes this as a device or module id."""
    return bool(_ID.match(name))


def is_edge_module_id(name: str) -> bool:
    """Whether IoT Edge takes this as a module name (stricter than the hub)."""
    return bool(_EDGE_MODULE.match(name))


def text_size(text: str) -> int:
    """Bytes that the hub counts for a text: UTF-8 without control characters."""
    return len(_CONTROL.sub("", text).encode("utf-8", "surrogatepass"))


def size(value: Any) -> int:
    """Bytes that the hub counts for a JSON value.

    Text by `text_size`, a number 8, a boolean 4, an object the sum of its keys
    and values. Microsoft says nothing of arrays (counted as their items) and
    `null` (counted as nothing).
    """
    if isinstance(value, str):
        return text_size(value)
    if isinstance(value, bool):
        return 4
    if isinstance(value, (int, float)):
        return 8
    if isinstance(value, dict):
        return sum(text_size(key) + size(item) for key, item in value.items())
    if isinstance(value, list):
        return sum(map(size, value))
    return 0


def check_section(value: dict[str, Any], max_bytes: int) -> Iterator[Violation]:
    """Every limit that a tags or desired section breaks, with the exact path."""
    yield from _check(value, (), 0)
    total = size(value)
    if total > max_bytes:
        yield Violation("", f"is {total:,} bytes; the hub takes at most {max_bytes:,}")


def _check(value: Any, path: tuple[str | int, ...], depth: int) -> Iterator[Violation]:
    if isinstance(value, dict):
        if depth > DEPTH:
            yield Violation(pointer(*path), f"is nested deeper than {DEPTH} levels")
            return
        for key, item in value.items():
            yield from _check_key(key, (*path, key))
            yield from _check(item, (*path, key), depth + 1)
    elif isinstance(value, list):
        yield from _check_value_size(value, path)
        for index, item in enumerate(value):
            yield from _check(item, (*path, index), depth + 1)
    elif isinstance(value, str):
        yield from _check_value_size(value, path)
    elif isinstance(value, int) and not INTEGER_MIN <= value <= INTEGER_MAX:
        yield Violation(
            pointer(*path), f"is outside the hub's integers {INTEGER_MIN} to {INTEGER_MAX}"
        )


def _check_key(key: str, path: tuple[str | int, ...]) -> Iterator[Violation]:
    forbidden = _KEY_FORBIDDEN.search(key)
    if forbidden:
        yield Violation(pointer(*path), f"key holds {forbidden[0]!r}, which the hub refuses")
    if len(key.encode("utf-8", "surrogatepass")) > KEY_BYTES:
        yield Violation(pointer(*path), f"key is longer than {KEY_BYTES} bytes")


def _check_value_size(value: str | list[Any], path: tuple[str | int, ...]) -> Iterator[Violation]:
    total = size(value)
    if total > VALUE_BYTES:
        yield Violation(pointer(*path), f"is {total:,} bytes; one value may have {VALUE_BYTES:,}")


# --- rates ----------------------------------------------------------------------


class Operation(StrEnum):
    """The operation classes that a hub throttles separately.

    `applyConfigurationContent` is in no row of Microsoft's table; it creates
    and deletes module identities, so it is counted as REGISTRY here.
    """

    REGISTRY = "registry"
    QUERY = "query"
    TWIN_READ = "twin-read"
    TWIN_WRITE = "twin-write"


# operation -> sku -> (per second for the whole hub, per second and unit); the larger one counts
_RATES: dict[Operation, dict[str, tuple[float, float]]] = {
    Operation.REGISTRY: {"S1": (0, 100 / 60), "S2": (0, 100 / 60), "S3": (0, 5000 / 60)},
    Operation.QUERY: {"S1": (0, 20 / 60), "S2": (0, 20 / 60), "S3": (0, 1000 / 60)},
    Operation.TWIN_READ: {"S1": (100, 0), "S2": (100, 10), "S3": (0, 500)},
    Operation.TWIN_WRITE: {"S1": (50, 0), "S2": (50, 5), "S3": (0, 250)},
}


def rate(operation: Operation, sku: str, units: int) -> float:
    """Operations per second that a hub of this SKU and size takes; F1 counts as S1."""
    whole, per_unit = _RATES[operation]["S1" if sku == "F1" else sku]
    return max(whole, per_unit * units)
