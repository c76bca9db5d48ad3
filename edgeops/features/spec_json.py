"""A window specification as JSON: what a model file carries to the device.

Every key must be there and none may be unknown: a device must not guess what a newer version meant.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, get_args

from edgeops.errors import EdgeOpsError
from edgeops.features.registry import feature
from edgeops.features.spec import Base, BaseKind, Site, WindowSpec
from edgeops.features.transforms import Smoothing
from edgeops.jsonvalue import JsonObject

_MOST = 1_000_000
_Read = Callable[[Any, str], Any]


def to_json(spec: WindowSpec) -> JsonObject:
    """The specification as a JSON value; `from_json` gives the same one again."""
    site, base, smoothing = spec.site, spec.base, spec.smoothing
    return {
        "features": list(spec.features),
        "columns": list(spec.columns),
        "site": {
            "zone": site.zone,
            "latitude": site.latitude,
            "longitude": site.longitude,
            "country": site.country,
            "subdivision": site.subdivision,
        },
        "steps": spec.steps,
        "horizon": spec.horizon,
        "interval": spec.interval,
        "base": {"kind": base.kind, "weeks": base.weeks, "profile": list(base.profile)},
        "level_hours": spec.level_hours,
        "smoothing": smoothing and {"kind": smoothing.kind, "steps": smoothing.steps},
        "outage_hours": spec.outage_hours,
    }


def from_json(value: Any) -> WindowSpec:
    """The specification in a JSON value. Raises `EdgeOpsError` for anything that is wrong in it."""
    spec: WindowSpec = _SPEC(value, "window_spec")
    return spec


def _object(fields: Mapping[str, _Read], make: Callable[..., Any]) -> _Read:
    def read(value: Any, where: str) -> Any:
        if not isinstance(value, dict):
            raise _bad(where, "must be an object")
        for key in [*value, *fields]:
            if key not in fields:
                raise _bad(where, f"has the unknown key `{key[:64]}`")
            if key not in value:
                raise _bad(where, f"has no `{key}`")
        return make(**{key: one(value[key], f"{where}.{key}") for key, one in fields.items()})

    return read


def _list(item: _Read) -> _Read:
    def read(value: Any, where: str) -> Any:
        if not isinstance(value, list):
            raise _bad(where, "must be a list")
        return tuple(item(one, f"{where}[{index}]") for index, one in enumerate(value))

    return read


def _optional(read: _Read) -> _Read:
    return lambda value, where: None if value is None else read(value, where)


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise _bad(where, "must be a text")
    return value


def _one_of(words: tuple[str, ...]) -> _Read:
    def read(value: Any, where: str) -> Any:
        if value not in words:
            raise _bad(where, f"must be one of {', '.join(words)}")
        return value

    return read


def _feature(value: Any, where: str) -> str:
    name = _text(value, where)
    feature(name)
    return name


def _whole(value: Any, where: str) -> int:
    if type(value) is not int or not 0 <= value <= _MOST:
        raise _bad(where, f"must be a whole number from 0 to {_MOST:,}")
    return value


def _number(value: Any, where: str) -> float:
    if type(value) not in (int, float) or not abs(value) <= _MOST or not math.isfinite(value):
        raise _bad(where, "must be a number")
    return float(value)


def _bad(where: str, what: str) -> EdgeOpsError:
    return EdgeOpsError(f"{where} {what}", "was it made by a newer version of edgeops?")


_SITE = _object(
    {
        "zone": _text,
        "latitude": _optional(_number),
        "longitude": _optional(_number),
        "country": _optional(_text),
        "subdivision": _optional(_text),
    },
    Site,
)
_BASE = _object(
    {"kind": _one_of(get_args(BaseKind)), "weeks": _whole, "profile": _list(_number)}, Base
)
_SMOOTHING = _object(
    {"kind": _one_of(("moving-average", "exponential")), "steps": _whole}, Smoothing
)
_SPEC = _object(
    {
        "features": _list(_feature),
        "columns": _list(_text),
        "site": _SITE,
        "steps": _whole,
        "horizon": _whole,
        "interval": _whole,
        "base": _BASE,
        "level_hours": _whole,
        "smoothing": _optional(_SMOOTHING),
        "outage_hours": _whole,
    },
    WindowSpec,
)
