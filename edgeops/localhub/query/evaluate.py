"""Evaluates queries and conditions on twins.

A missing property, a comparison of different types or of objects, and
arithmetic on other values than numbers are undefined, and so are operations on
undefined values. A twin matches only if its condition is `true`. AND, OR and
NOT use three-valued logic, as in SQL.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

from edgeops.jsonvalue import JsonObject
from edgeops.localhub.query.ast import (
    UNDEFINED,
    Binary,
    Call,
    Constant,
    Expression,
    FirstDefined,
    In,
    IsDefined,
    ItemPath,
    Logical,
    Negate,
    Not,
    PropertyPath,
    TargetCondition,
)
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


def matches(condition: TargetCondition, twin: JsonObject) -> bool:
    """Whether a twin (of the condition's source) matches a condition."""
    return passes(condition.where, twin)


def passes(where: Expression | None, twin: JsonObject) -> bool:
    """Whether a twin matches a WHERE clause; without one every twin does."""
    return where is None or value(where, twin) is True


def value(expression: Expression, twin: JsonObject) -> Any:
    """The JSON value of an expression on a twin, or UNDEFINED."""
    return _VALUES[type(expression)](expression, twin)


def _follow(keys: tuple[str | int, ...], twin: JsonObject) -> Any:
    item: Any = twin
    for key in keys:
        if isinstance(item, dict):
            if key not in item:
                return UNDEFINED
        elif not isinstance(item, list) or not isinstance(key, int) or key >= len(item):
            return UNDEFINED
        item = item[key]
    return item


def _first_defined(expression: FirstDefined, twin: JsonObject) -> Any:
    values = (value(operand, twin) for operand in expression.operands)
    return next((item for item in values if item is not UNDEFINED), UNDEFINED)


def _call(expression: Call, twin: JsonObject) -> Any:
    return expression.function(*(value(argument, twin) for argument in expression.arguments))


def _not(expression: Not, twin: JsonObject) -> Any:
    operand = value(expression.operand, twin)
    return not operand if isinstance(operand, bool) else UNDEFINED


def _binary(expression: Binary, twin: JsonObject) -> Any:
    left, right = value(expression.left, twin), value(expression.right, twin)
    compute = _COMPUTATIONS[expression.operator]
    return compute(expression.operator, left, right)


def _logical(expression: Logical, twin: JsonObject) -> Any:
    decisive = expression.operator == "OR"
    outcome: Any = not decisive
    for expression_operand in expression.operands:
        operand = value(expression_operand, twin)
        if operand is decisive:
            return decisive
        if not isinstance(operand, bool):
            outcome = UNDEFINED
    return outcome


def _membership(expression: In, twin: JsonObject) -> Any:
    operand = value(expression.operand, twin)
    if type(operand) not in _PRIMITIVES:
        return UNDEFINED
    items = (value(item, twin) for item in expression.items)
    return any(_compare("=", operand, item) is True for item in items) != expression.negated


def _compare(symbol: str, left: Any, right: Any) -> Any:
    kind = _PRIMITIVES.get(type(left))
    if kind is None or kind != _PRIMITIVES.get(type(right)):
        return UNDEFINED
    if left is None:
        return symbol in ("=", "<=", ">=")
    return _COMPARISONS[symbol](left, right)


def _calculate(symbol: str, left: Any, right: Any) -> Any:
    if not _PRIMITIVES.get(type(left)) == _PRIMITIVES.get(type(right)) == "number":
        return UNDEFINED
    try:
        return computed_number(_ARITHMETIC[symbol](left, right))
    except (ArithmeticError, ValueError):
        return UNDEFINED


# A table by type for speed: it is used for every part of a query on every twin.
_VALUES: Mapping[type, Callable[[Any, JsonObject], Any]] = {
    Constant: lambda expression, _: expression.value,
    PropertyPath: lambda expression, twin: _follow(expression.keys, twin),
    IsDefined: lambda expression, twin: _follow(expression.path.keys, twin) is not UNDEFINED,
    Not: _not,
    Negate: lambda expression, twin: _calculate("-", 0, value(expression.operand, twin)),
    Logical: _logical,
    In: _membership,
    Binary: _binary,
    ItemPath: lambda expression, document: _follow(expression.keys, document),
    FirstDefined: _first_defined,
    Call: _call,
}
_COMPUTATIONS: Mapping[str, Callable[[str, Any, Any], Any]] = {
    **dict.fromkeys(_COMPARISONS, _compare),
    **dict.fromkeys(_ARITHMETIC, _calculate),
}
# The types of values that can be compared.
_PRIMITIVES: Mapping[type, str] = {
    type(None): "null",
    bool: "boolean",
    int: "number",
    float: "number",
    str: "string",
}
