"""Converts JSON values, already checked by their schema, to frozen dataclasses and back.

A camelCase key is a snake_case field. Fields can be dataclasses, tuples and mappings of them, or
None.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def record(kind: type[T], value: Mapping[str, Any]) -> T:
    """The dataclass of a JSON object; a missing key has the default of its field."""
    by_key = _fields(kind)  # type: ignore[arg-type]
    return kind(**{by_key[key][0]: _value(by_key[key][1], item) for key, item in value.items()})


def json_value(value: Any, digits: int) -> Any:
    """A record as a JSON value; numbers have `digits` significant digits, NaN becomes null."""
    if is_dataclass(value):
        items = ((key_of(field.name), getattr(value, field.name)) for field in fields(value))
        return {key: json_value(item, digits) for key, item in items}
    if isinstance(value, float):
        return float(f"{value:.{digits}g}") if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: json_value(item, digits) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_value(item, digits) for item in value]
    return value


def key_of(field: str) -> str:
    """The key of a field: `mapeExcluded` of `mape_excluded`, `from` of `from_`."""
    first, *words = field.split("_")
    return first + "".join(map(str.capitalize, words))


def _value(kind: Any, value: Any) -> Any:
    """The value with the declared type of its field; null is NaN for a `float`."""
    if value is None:
        return math.nan if kind is float else None
    if is_dataclass(kind):
        return record(kind, value)  # type: ignore[arg-type]
    inner = get_args(kind)
    if get_origin(kind) in (Union, UnionType):
        lists = (arm for arm in inner if isinstance(value, list) and get_origin(arm) is tuple)
        return _value(next(lists, inner[0]), value)
    if get_origin(kind) is tuple:
        return tuple(_value(inner[0], item) for item in value)
    if get_origin(kind) is Mapping:
        return {key: _value(inner[1], item) for key, item in value.items()}
    return value


@cache
def _fields(kind: type[Any]) -> Mapping[str, tuple[str, Any]]:
    """The name and the declared type of each field, by its key."""
    hints = get_type_hints(kind)
    return {key_of(field.name): (field.name, hints[field.name]) for field in fields(kind)}
