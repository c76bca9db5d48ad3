"""What the local hub, as Azure, takes as ids and in twins.

The client has limits of its own: an error in either shows in a test that compares both with facts.

Sources: "Understand and use device twins" and "Understand the identity registry", Microsoft Learn;
`ReportedPropertiesValidator` of IoT Edge (array, null); the service's own messages, as users of
Microsoft's SDKs have quoted them (azure-iot-sdk-java#243, azure-iot-sdk-csharp#1741).
"""

from __future__ import annotations

import string
from typing import Any

from edgeops.jsonvalue import JsonObject

MAX_TAGS = 8_192  # bytes, as are those below
MAX_DESIRED = 32_768
MAX_REPORTED = 32_768
MAX_TEXT = 4_096
MAX_KEY = 1_024
MAX_LEVELS = 10  # of objects and arrays below the section itself
MAX_MODULES = 50  # of a device, besides its system modules
MAX_ID = 128  # characters

_INTEGERS = range(-(2**52), 2**52)
_ID_CHARACTERS = frozenset(string.ascii_letters + string.digits + "-:.+%_#*?!(),=@;$'")
_CONTROLS = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)])
_NOT_IN_KEYS = frozenset([*map(chr, _CONTROLS), *".$# "])


class LimitExceeded(Exception):
    """A value that a twin may not have: where it is in its section, and why."""

    def __init__(self, message: str, at: str) -> None:
        super().__init__(message)
        self.message = message
        self.at = at


def valid_id(name: str) -> bool:
    """Whether a device or module can have this id; `.` and `..` have no place in a URL."""
    return 0 < len(name) <= MAX_ID and _ID_CHARACTERS.issuperset(name) and name not in (".", "..")


def size_of(section: JsonObject) -> int:
    """The bytes that Azure counts for a section. Raises LimitExceeded for a value in it."""
    return _size(section, "", 0, in_array=False)


def _size(value: Any, at: str, level: int, *, in_array: bool) -> int:
    match value:
        case str():
            if len(value.encode("utf-8", "surrogatepass")) > MAX_TEXT:
                raise LimitExceeded(f"A text can have at most {MAX_TEXT:,} bytes", at)
            return _counted(value)
        case bool():
            return 4
        case int() if value not in _INTEGERS:
            raise LimitExceeded(
                f"An integer must be from {_INTEGERS.start} to {_INTEGERS.stop - 1}", at
            )
        case int() | float():
            return 8
        case None if in_array:
            raise LimitExceeded("A value in an array cannot be null", at)
        case None:
            return 0
    if level > MAX_LEVELS:
        raise LimitExceeded(f"A value cannot be nested deeper than {MAX_LEVELS} levels", at)
    if isinstance(value, list):
        return sum(
            _size(item, f"{at}[{n}]", level + 1, in_array=True) for n, item in enumerate(value)
        )
    total = 0
    for key, item in value.items():
        below = f"{at}.{key}"
        total += _size_of_key(key, below) + _size(item, below, level + 1, in_array=in_array)
    return total


def _size_of_key(key: str, at: str) -> int:
    if not _NOT_IN_KEYS.isdisjoint(key):
        raise LimitExceeded("A key cannot have control characters, '.', '$', '#' or ' '", at)
    size = len(key.encode("utf-8", "surrogatepass"))  # it has no control characters
    if size > MAX_KEY:
        raise LimitExceeded(f"A key can have at most {MAX_KEY:,} bytes", at)
    return size


def _counted(text: str) -> int:
    """The bytes of a text without control characters."""
    return len(text.translate(_CONTROLS).encode("utf-8", "surrogatepass"))
