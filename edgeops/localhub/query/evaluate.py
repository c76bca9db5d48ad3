"""Queries and conditions on twins.

Undefined is contagious: a path that is not there, a comparison of two types
or of objects, and arithmetic on what is not a number are undefined, and only
`true` passes. AND, OR and NOT have three values, as in SQL.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from edgeops.localhub.query.ast import (
    UNDEFINED,
    Binary,
    Condition,
    Expression,
    In,
    IsDefined,
    Literal,
    Logical,
    Negate,
    Not,
    Path,
    Query,
)
from edgeops.twin import JsonObject

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


def run(query: Query, twins: Iterable[JsonObject]) -> Iterator[JsonObject]:
    """The rows of a query over the twins of its source, as they come."""
    found = (twin for twin in twins if passes(query.where, twin))
    if query.count is None:
        rows = (row(query, twin) for twin in found)
    else:
        rows = ({query.count: sum(1 for _ in found)} for _ in range(1))
    return islice(rows, query.top)


def matches(condition: Condition, twin: JsonObject) -> bool:
    """Whether a condition targets a twin (of its source)."""
    return passes(condition.where, twin)


def passes(where: Expression | None, twin: JsonObject) -> bool:
    """Whether a WHERE lets a twin through; no WHERE takes all."""
    return where is None or value(where, twin) is True


def row(query: Query, twin: JsonObject) -> JsonObject:
    """What SELECT takes of a twin; columns that are undefined are left out."""
    if not query.columns:
        return twin
    values = ((column.name, value(column.expression, twin)) for column in query.columns)
    return {name: found for name, found in values if found is not UNDEFINED}


def value(expression: Expression, twin: JsonObject) -> Any:
    """The JSON value of an expression on a twin, or UNDEFINED."""
    match expression:
        case Literal(constant):
            return constant
        case Path(keys):
            return _follow(keys, twin)
        case IsDefined(path):
            return _follow(path.keys, twin) is not UNDEFINED
        case Not(operand):
            found = value(operand, twin)
            return not found if isinstance(found, bool) else UNDEFINED
        case Negate(operand):
            return _calculate("-", 0, value(operand, twin))
        case Logical(word, operands):
            return _logical(word, operands, twin)
        case In(operand, items, negated):
            return _membership(value(operand, twin), [value(item, twin) for item in items], negated)
        case Binary(symbol, left, right):
            compute = _compare if symbol in _COMPARISONS else _calculate
            return compute(symbol, value(left, twin), value(right, twin))


def _follow(keys: tuple[str, ...], twin: JsonObject) -> Any:
    found: Any = twin
    for key in keys:
        if not isinstance(found, dict) or key not in found:
            return UNDEFINED
        found = found[key]
    return found


def _logical(word: str, operands: tuple[Expression, ...], twin: JsonObject) -> Any:
    decisive = word == "OR"
    outcome: Any = not decisive
    for operand in operands:
        found = value(operand, twin)
        if found is decisive:
            return decisive
        if not isinstance(found, bool):
            outcome = UNDEFINED
    return outcome


def _membership(found: Any, items: list[Any], negated: bool) -> Any:
    if _primitive(found) is None:
        return UNDEFINED
    return any(_compare("=", found, item) is True for item in items) != negated


def _compare(symbol: str, left: Any, right: Any) -> Any:
    if _primitive(left) is None or _primitive(left) != _primitive(right):
        return UNDEFINED
    if left is None:
        return symbol in ("=", "<=", ">=")
    return _COMPARISONS[symbol](left, right)


def _calculate(symbol: str, left: Any, right: Any) -> Any:
    if not _primitive(left) == _primitive(right) == "number":
        return UNDEFINED
    try:
        result = _ARITHMETIC[symbol](left, right)
        if not math.isfinite(result):
            return UNDEFINED
    except (ArithmeticError, ValueError):
        return UNDEFINED
    return int(result) if result == int(result) else result


def _primitive(found: Any) -> str | None:
    """The type of a value that can be compared, or None."""
    match found:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
    return None
