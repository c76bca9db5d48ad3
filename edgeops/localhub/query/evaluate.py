"""Evaluates queries and conditions on twins.

A missing property is undefined, and so are operations on undefined values. A
twin matches only if its condition is `true`. AND, OR and NOT use three-valued
logic, as in SQL.
"""

from __future__ import annotations

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
from edgeops.localhub.query.values import COMPUTATIONS, calculate, compare, is_primitive


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
    return COMPUTATIONS[expression.operator](expression.operator, left, right)


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
    if not is_primitive(operand):
        return UNDEFINED
    items = (value(item, twin) for item in expression.items)
    return any(compare("=", operand, item) is True for item in items) != expression.negated


# A table by type for speed: it is used for every part of a query on every twin.
_VALUES: Mapping[type, Callable[[Any, JsonObject], Any]] = {
    Constant: lambda expression, _: expression.value,
    PropertyPath: lambda expression, twin: _follow(expression.keys, twin),
    IsDefined: lambda expression, twin: _follow(expression.path.keys, twin) is not UNDEFINED,
    Not: _not,
    Negate: lambda expression, twin: calculate("-", 0, value(expression.operand, twin)),
    Logical: _logical,
    In: _membership,
    Binary: _binary,
    ItemPath: lambda expression, document: _follow(expression.keys, document),
    FirstDefined: _first_defined,
    Call: _call,
}
