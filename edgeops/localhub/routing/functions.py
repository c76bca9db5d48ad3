"""The functions that conditions of routes can call; a wrong type gives UNDEFINED."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from edgeops.localhub.query.ast import UNDEFINED
from edgeops.localhub.query.numbers import computed_number

_MAX_CHARACTERS = 256 * 1024  # of a message; repeating its body could make any text


class RouteFunction(NamedTuple):
    """What a function computes, and how many arguments it takes at least and at most."""

    compute: Callable[..., Any]
    least: int
    most: int


def _of_numbers(compute: Callable[..., float], count: int = 1) -> RouteFunction:
    def call(*values: Any) -> Any:
        if not all(map(_is_number, values)):
            return UNDEFINED
        try:
            return computed_number(compute(*map(float, values)))
        except (ArithmeticError, ValueError):
            return UNDEFINED

    return RouteFunction(call, count, count)


def _of_texts(compute: Callable[..., Any], count: int = 1) -> RouteFunction:
    def call(*values: Any) -> Any:
        return compute(*values) if all(isinstance(v, str) for v in values) else UNDEFINED

    return RouteFunction(call, count, count)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _as_number(text: str) -> Any:
    try:
        return computed_number(float(text)) if "_" not in text else UNDEFINED
    except (ArithmeticError, ValueError):
        return UNDEFINED


def _concat(*values: Any) -> Any:
    if not all(isinstance(value, str) for value in values):
        return UNDEFINED
    return "".join(values) if sum(map(len, values)) <= _MAX_CHARACTERS else UNDEFINED


def _substring(text: Any, start: Any, length: Any = None) -> Any:
    if not isinstance(text, str) or not _is_number(start) or not 0 <= start <= len(text):
        return UNDEFINED
    if length is None:
        return text[int(start) :]
    if not _is_number(length) or start == len(text) or not 0 <= length <= len(text) - start:
        return UNDEFINED
    return text[int(start) : int(start) + int(length)]


FUNCTIONS: Mapping[str, RouteFunction] = {
    "ABS": _of_numbers(abs),
    "EXP": _of_numbers(math.exp),
    "POWER": _of_numbers(math.pow, 2),
    "SQUARE": _of_numbers(lambda number: number * number),
    "CEILING": _of_numbers(math.ceil),
    "FLOOR": _of_numbers(math.floor),
    "SIGN": _of_numbers(lambda number: (number > 0) - (number < 0)),
    "SQRT": _of_numbers(math.sqrt),
    "AS_NUMBER": _of_texts(_as_number),
    "IS_BOOL": RouteFunction(lambda value: isinstance(value, bool), 1, 1),
    "IS_DEFINED": RouteFunction(lambda value: value is not UNDEFINED, 1, 1),
    "IS_NULL": RouteFunction(lambda value: value is None, 1, 1),
    "IS_NUMBER": RouteFunction(_is_number, 1, 1),
    "IS_STRING": RouteFunction(lambda value: isinstance(value, str), 1, 1),
    "CONCAT": RouteFunction(_concat, 1, 1000),
    "LENGTH": _of_texts(len),
    "LOWER": _of_texts(str.lower),
    "UPPER": _of_texts(str.upper),
    "SUBSTRING": RouteFunction(_substring, 2, 3),
    "INDEX_OF": _of_texts(str.find, 2),
    "STARTS_WITH": _of_texts(str.startswith, 2),
    "ENDS_WITH": _of_texts(str.endswith, 2),
    "CONTAINS": _of_texts(str.__contains__, 2),
}
