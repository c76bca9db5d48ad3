"""The limits of Azure IoT Hub: sizes in twins, and rates of requests.

Sources: "Understand and use device twins" (sizes, keys, depth), "IoT Hub quotas and throttling"
(rates), both Microsoft Learn; the validator of reported properties in the source of IoT Edge,
whose limits are "taken from IoTHub" (arrays, null); the answers of the service that are quoted in
Azure/azure-iot-sdk-java#243 (`#` in a key) and Azure/azure-iot-sdk-csharp#1741 (null in an array).
Where these disagree, or do not say, a value is not refused.
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
TEXT_BYTES = 4096  # of a text; arrays and objects have the limit of their section only
KEY_BYTES = 1024
DEPTH = 10
INTEGER_MIN = -4503599627370496
INTEGER_MAX = 4503599627370495
MODULES_PER_DEVICE = 50
ID_CHARACTERS = 128  # of a device or module

# Without `.` and `..`: clients and proxies remove these path segments from a URL.
_ID = re.compile(r"(?!\.\.?\Z)[A-Za-z0-9\-:.+%_#*?!(),=@;$']{1,128}\Z")
_EDGE_MODULE = re.compile(r"[A-Za-z0-9_-]{1,128}\Z")
# Control characters (C0, DEL, C1) are not counted, and not allowed in a key.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_KEY_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f.$# ]")


@dataclass(frozen=True, slots=True, order=True)
class Violation:
    """One violated hub limit: the JSON pointer in the section, what is wrong, what to do."""

    pointer: str
    message: str
    hint: str = ""


def is_id(name: str) -> bool:
    """Whether the hub accepts this device or module id."""
    return bool(_ID.match(name))


def is_edge_module_id(name: str) -> bool:
    """Whether IoT Edge accepts this module name (stricter than the hub)."""
    return bool(_EDGE_MODULE.match(name))


def text_size(text: str) -> int:
    """Bytes that the hub counts for a text: UTF-8 without control characters."""
    return _utf8(_CONTROL.sub("", text))


def size(value: Any) -> int:
    """Bytes that the hub counts for a JSON value.

    Text by `text_size`, a number 8, a boolean 4, an object the sum of its keys and values.
    Microsoft does not document arrays (counted as their items) and `null` (counted as nothing).
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
    """Every limit that a tags or desired section violates, with its path."""
    yield from _check(value, (), 0)
    total = size(value)
    if total > max_bytes:
        yield Violation("", f"is {total:,} bytes; the hub allows at most {max_bytes:,}")


def _check(
    value: Any, path: tuple[str | int, ...], depth: int, *, in_array: bool = False
) -> Iterator[Violation]:
    if depth > DEPTH and isinstance(value, dict | list):
        yield Violation(pointer(*path), f"is nested deeper than {DEPTH} levels")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _check_key(key, (*path, key))
            yield from _check(item, (*path, key), depth + 1, in_array=in_array)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _check(item, (*path, index), depth + 1, in_array=True)
    elif value is None and in_array:
        yield Violation(
            pointer(*path),
            "is null inside an array, which the hub does not allow",
            "leave it out, or use another value for it, such as an empty text or 0",
        )
    elif isinstance(value, str) and _utf8(value) > TEXT_BYTES:
        message = f"is {_utf8(value):,} bytes; a text can have at most {TEXT_BYTES:,}"
        yield Violation(pointer(*path), message)
    elif isinstance(value, int) and not INTEGER_MIN <= value <= INTEGER_MAX:
        message = f"is outside the hub's range of integers, {INTEGER_MIN} to {INTEGER_MAX}"
        yield Violation(pointer(*path), message)


def _check_key(key: str, path: tuple[str | int, ...]) -> Iterator[Violation]:
    forbidden = _KEY_FORBIDDEN.search(key)
    if forbidden:
        message = f"key contains {forbidden[0]!r}, which the hub does not allow"
        yield Violation(pointer(*path), message)
    if _utf8(key) > KEY_BYTES:
        yield Violation(pointer(*path), f"key is longer than {KEY_BYTES} bytes")


def _utf8(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


# --- rates ----------------------------------------------------------------------


class Operation(StrEnum):
    """The operation classes that a hub throttles separately.

    `applyConfigurationContent` is not in Microsoft's table; it creates and deletes module
    identities, so it counts as REGISTRY here.
    """

    REGISTRY = "registry"
    QUERY = "query"
    TWIN_READ = "twin-read"
    TWIN_WRITE = "twin-write"


# operation -> sku -> (per second for the hub, per second and unit); the larger applies
_RATES: dict[Operation, dict[str, tuple[float, float]]] = {
    Operation.REGISTRY: {"S1": (0, 100 / 60), "S2": (0, 100 / 60), "S3": (0, 5000 / 60)},
    Operation.QUERY: {"S1": (0, 20 / 60), "S2": (0, 20 / 60), "S3": (0, 1000 / 60)},
    Operation.TWIN_READ: {"S1": (100, 0), "S2": (100, 10), "S3": (0, 500)},
    Operation.TWIN_WRITE: {"S1": (50, 0), "S2": (50, 5), "S3": (0, 250)},
}


def rate(operation: Operation, sku: str, units: int) -> float:
    """Operations per second that a hub of this SKU and size allows; F1 counts as S1."""
    whole, per_unit = _RATES[operation]["S1" if sku == "F1" else sku]
    return max(whole, per_unit * units)
