"""What a model file says of how its forecasts are judged and its interval is kept."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import Any

from edgeops.errors import EdgeOpsError
from edgeops.jsonvalue import JsonObject

HOURS = 24
MOST_DAYS = 80  # a device keeps 112 days, and needs four weeks more to fill what is missing
_HINT = "was it made by a newer version of edgeops?"
_LARGEST = 10.0  # of a margin: a factor of 22,000


@dataclass(frozen=True, slots=True)
class Judging:
    """How a model is judged: only by its `hours` of the day, from `origins`; empty: by all.

    `coverage` is the share of values that should lie between its outer quantiles.
    `margins` widen that interval by hour of the day (24 of them, or none), as logarithms; a device
    replaces them by those of the last `days` days of its own forecasts (0: never).
    An origin is the hour of the day in which the newest observed step begins.
    """

    coverage: float | None = None
    margins: tuple[float, ...] = ()
    days: int = 0
    hours: tuple[int, ...] = ()
    origins: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for name, hours in (("hours", self.hours), ("origins", self.origins)):
            if len(set(hours)) != len(hours) or not all(0 <= hour < HOURS for hour in hours):
                raise _bad(f"{name} must be hours of the day, each once")
        if len(self.margins) not in (0, HOURS):
            raise _bad(f"margins must be {HOURS} numbers")
        if not all(abs(margin) <= _LARGEST for margin in self.margins):
            raise _bad(f"margins must be at most {_LARGEST:g}")
        if not 0 <= self.days <= MOST_DAYS:
            raise _bad(f"days must be from 0 to {MOST_DAYS}")
        if self.coverage is not None and not 0 < self.coverage < 1:
            raise _bad("coverage must be between 0 and 1")
        if self.margins and self.coverage is None:
            raise _bad("margins need a coverage")


ALL = Judging()


def to_json(judging: Judging) -> JsonObject:
    """The judging as a JSON value; `from_json` gives the same one again."""
    value = {
        "coverage": judging.coverage,
        "margins": list(judging.margins),
        "days": judging.days,
        "hours": list(judging.hours),
        "origins": list(judging.origins),
    }
    return {name: item for name, item in value.items() if item not in (None, [], 0)}


def from_json(value: Any) -> Judging:
    """The judging in a JSON value. Raises `EdgeOpsError` for anything that is wrong in it.

    A key that is not known is one too many: a device must not guess what a newer version meant.
    """
    if not isinstance(value, dict):
        raise _bad("must be an object")
    if unknown := value.keys() - {"coverage", "margins", "days", "hours", "origins"}:
        raise _bad(f"has the unknown key `{min(map(str, unknown))[:64]}`")
    coverage = value.get("coverage")
    return Judging(
        None if coverage is None else _number(coverage, "coverage"),
        tuple(_number(margin, "margins") for margin in _list(value, "margins")),
        _whole(value.get("days", 0), "days"),
        tuple(_whole(hour, "hours") for hour in _list(value, "hours")),
        tuple(_whole(hour, "origins") for hour in _list(value, "origins")),
    )


def _list(value: JsonObject, key: str) -> list[Any]:
    items = value.get(key, [])
    if not isinstance(items, list) or len(items) > HOURS:
        raise _bad(f"{key} must be a list of at most {HOURS}")
    return items


def _number(value: Any, key: str) -> float:
    if type(value) is int and abs(value) > sys.float_info.max:
        raise EdgeOpsError("judging has a number that is too large", _HINT)
    if type(value) not in (int, float) or not math.isfinite(value):
        raise _bad(f"{key} must be a number")
    return float(value)


def _whole(value: Any, key: str) -> int:
    if type(value) is not int:
        raise _bad(f"{key} must be a whole number")
    return value


def _bad(what: str) -> EdgeOpsError:
    return EdgeOpsError(f"judging: {what}", _HINT)
