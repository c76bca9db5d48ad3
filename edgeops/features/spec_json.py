"""A window specification as JSON: what a model file carries to the device.

Every key must be there and none may be unknown: a device must not guess what a newer version meant.
A key of `_OPTIONAL` is there only where it says something, so that models of before it stay as they
are, and older devices run what they can.
"""

from __future__ import annotations

import math
from dataclasses import asdict, fields, is_dataclass
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from edgeops.errors import EdgeOpsError
from edgeops.features.registry import feature
from edgeops.features.spec import Hour, Site, WindowSpec
from edgeops.jsonvalue import JsonObject

_MOST = 1_000_000
_LARGEST = 1e15  # of a measurement, such as joules in a day
# Left out where they say nothing new: so models that were made before them stay as they are.
_OPTIONAL = ("hour", "unknown", "unit")
_MAY_LACK = {WindowSpec: _OPTIONAL, Hour: ("early",)}
_KEYS = {(Site, "time_zone"): "zone"}  # all other fields have their own names


def to_json(spec: WindowSpec) -> JsonObject:
    """The specification as a JSON value; `from_json` gives the same one again."""
    value = asdict(spec)
    site = value["site"]
    for name in _OPTIONAL:
        if getattr(spec, name) == _default(name):
            del value[name]
        elif isinstance(value[name], tuple):
            value[name] = list(value[name])
    if "hour" in value and not spec.hour.early:
        del value["hour"]["early"]
    return {
        **value,
        "features": list(spec.features),
        "columns": list(spec.columns),
        "site": {"zone": site.pop("time_zone"), **site},
        "base": {**value["base"], "profile": list(spec.base.profile)},
    }


def _default(name: str) -> Any:
    return next(field.default for field in fields(WindowSpec) if field.name == name)


def from_json(value: Any) -> WindowSpec:
    """The specification in a JSON value. Raises `EdgeOpsError` for anything that is wrong in it."""
    spec: WindowSpec = _read(WindowSpec, value, "window_spec")
    for name in spec.features:
        feature(name)
    return spec


def _read(kind: Any, value: Any, where: str) -> Any:
    """The value as what a field is declared to be."""
    if is_dataclass(kind):
        return _object(kind, value, where)
    inner = get_args(kind)
    if isinstance(kind, UnionType):
        return None if value is None else _read(inner[0], value, where)
    if get_origin(kind) is tuple:
        if not isinstance(value, list):
            raise _bad(where, "must be a list")
        return tuple(_read(inner[0], item, f"{where}[{at}]") for at, item in enumerate(value))
    if get_origin(kind) is Literal:
        if value not in inner:
            raise _bad(where, f"must be one of {', '.join(inner)}")
        return value
    return {str: _text, int: _whole, float: _number}[kind](value, where)


def _object(kind: Any, value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise _bad(where, "must be an object")
    hints = get_type_hints(kind)
    names = {_KEYS.get((kind, field.name), field.name): field.name for field in fields(kind)}
    for key in [*value, *names]:
        if key not in names:
            raise _bad(where, f"has the unknown key `{key[:64]}`")
        if key not in value and key not in _MAY_LACK.get(kind, ()):
            raise _bad(where, f"has no `{key}`")
    given = {key: name for key, name in names.items() if key in value}
    return kind(
        **{name: _read(hints[name], value[key], f"{where}.{key}") for key, name in given.items()}
    )


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise _bad(where, "must be a text")
    return value


def _whole(value: Any, where: str) -> int:
    if type(value) is not int or not 0 <= value <= _MOST:
        raise _bad(where, f"must be a whole number from 0 to {_MOST:,}")
    return value


def _number(value: Any, where: str) -> float:
    if type(value) not in (int, float) or not abs(value) <= _LARGEST or not math.isfinite(value):
        raise _bad(where, "must be a number")
    return float(value)


def _bad(where: str, what: str) -> EdgeOpsError:
    return EdgeOpsError(f"{where} {what}", "was it made by a newer version of edgeops?")
