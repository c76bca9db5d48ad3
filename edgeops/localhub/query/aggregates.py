"""Aggregates over the twins of a group, one value at a time.

Microsoft does not say what SUM, AVG, MIN and MAX do with values that are not
numbers. Here, as in Azure Cosmos DB, missing properties do not count; nor do
booleans, nulls, lists and objects, nor strings in SUM and AVG. MIN and MAX take
strings too (the times of a twin are strings), and a number is less than a string.
An aggregate without any value is undefined.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from edgeops.localhub.query.ast import UNDEFINED
from edgeops.localhub.query.numbers import computed_number

# The order of types in MIN and MAX.
_ORDER: Mapping[type, int] = {int: 0, float: 0, str: 1}


class Accumulator(Protocol):
    """What an aggregate knows of the values that it has seen."""

    def add(self, value: Any) -> None:
        """Take a JSON value of one more twin, or UNDEFINED."""

    def result(self) -> Any:
        """The aggregate, or UNDEFINED."""


class _Count:
    def __init__(self) -> None:
        self._count = 0

    def add(self, _: Any) -> None:
        self._count += 1

    def result(self) -> Any:
        return self._count


class _Sum:
    def __init__(self) -> None:
        self._count = 0
        self._sum: int | float = 0

    def add(self, value: Any) -> None:
        if type(value) in (int, float):  # a boolean is an `int` too
            self._count += 1
            self._sum += value

    def result(self) -> Any:
        return _number(self._sum) if self._count else UNDEFINED


class _Average(_Sum):
    def result(self) -> Any:
        return _number(self._sum / self._count) if self._count else UNDEFINED


class _Extreme:
    def __init__(self, is_better: Callable[[Any, Any], bool]) -> None:
        self._is_better = is_better
        self._best: tuple[int, Any] | None = None

    def add(self, value: Any) -> None:
        order = _ORDER.get(type(value))
        if order is None:
            return
        if self._best is None or self._is_better((order, value), self._best):
            self._best = order, value

    def result(self) -> Any:
        return UNDEFINED if self._best is None else self._best[1]


def _number(number: float) -> Any:
    try:
        return computed_number(number)
    except OverflowError:
        return UNDEFINED


AGGREGATES: Mapping[str, Callable[[], Accumulator]] = {
    "COUNT": _Count,
    "SUM": _Sum,
    "AVG": _Average,
    "MIN": lambda: _Extreme(operator.lt),
    "MAX": lambda: _Extreme(operator.gt),
}
