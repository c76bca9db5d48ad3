"""Operators on JSON values.

A comparison of different types or of objects, and arithmetic on other values
than numbers, are undefined.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

from edgeops.localhub.query.ast import UNDEFINED
from edgeops.localhub.query.numbers import computed_number

_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
_ARITHMETIC: Mapping[str, Callable[[Any, Any], int | float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": math.fmod,
}
# The types of values that can be compared.
_PRIMITIVES: Mapping[type, str] = {
    type(None): "null",
    bool: "boolean",
    int: "number",
    float: "number",
    str: "string",
}


def is_primitive(value: Any) -> bool:
    """Whether a value can be compared: it is null, a boolean, a number or a string."""
    return type(value) in _PRIMITIVES


def compare(symbol: str, left: Any, right: Any) -> Any:
    """The boolean that a comparison (`= != < > <= >=`) gives, or UNDEFINED."""
    kind = _PRIMITIVES.get(type(left))
    if kind is None or kind != _PRIMITIVES.get(type(right)):
        return UNDEFINED
    if left is None:
        return symbol in ("=", "<=", ">=")
    return _COMPARISONS[symbol](left, right)


def calculate(symbol: str, left: Any, right: Any) -> Any:
    """The number that an operation (`+ - * / %`) gives, or UNDEFINED."""
    if not _PRIMITIVES.get(type(left)) == _PRIMITIVES.get(type(right)) == "number":
        return UNDEFINED
    try:
        return computed_number(_ARITHMETIC[symbol](left, right))
    except (ArithmeticError, ValueError):
        return UNDEFINED


COMPUTATIONS: Mapping[str, Callable[[str, Any, Any], Any]] = {
    **dict.fromkeys(_COMPARISONS, compare),
    **dict.fromkeys(_ARITHMETIC, calculate),
}
