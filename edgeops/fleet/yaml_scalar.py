"""Converts the plain scalars of YAML 1.2 core to JSON values."""

from __future__ import annotations

import math
import re

# Section 10.3.2 of the YAML 1.2.2 specification; only these are not text.
_CORE = re.compile(
    r"(?P<null>~|null|Null|NULL|)"
    r"|(?P<true>true|True|TRUE)"
    r"|(?P<false>false|False|FALSE)"
    r"|(?P<int>[-+]?[0-9]+)"
    r"|(?P<octal>0o[0-7]+)"
    r"|(?P<hex>0x[0-9a-fA-F]+)"
    r"|(?P<float>[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)"
    r"|(?P<special>[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))"
)
_FIRST = frozenset("~nNtTfF+-.0123456789")
_MAX_DIGITS = 30


class NotJson(ValueError):
    """The scalar is a number that JSON cannot represent; `hint` says what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def plain_value(text: str) -> str | int | float | bool | None:
    """The value of an unquoted scalar: `NO`, `1:30` and `2024-01-02` are text. Raises `NotJson`."""
    if text and text[0] not in _FIRST:
        return text
    match = _CORE.fullmatch(text)
    if match is None:
        return text
    match match.lastgroup:
        case "null":
            return None
        case "true" | "false":
            return match.lastgroup == "true"
        case "int" | "octal" | "hex":
            return _integer(text, {"int": 10, "octal": 8, "hex": 16}[match.lastgroup])
    return _number(text)


def _integer(text: str, base: int) -> int:
    if len(text) > _MAX_DIGITS:
        raise NotJson(f"is a number of {len(text)} digits", "put it in quotes if it is text")
    return int(text, base)


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:  # .inf and .nan
        value = math.inf
    if not math.isfinite(value):
        raise NotJson(f"`{text[:40]}` is not a number in JSON", "put it in quotes if it is text")
    return value
