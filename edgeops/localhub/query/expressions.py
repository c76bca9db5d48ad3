"""Parses expressions by operator precedence."""

from __future__ import annotations

from edgeops.localhub.query.aggregates import AGGREGATES
from edgeops.localhub.query.ast import (
    UNDEFINED,
    Binary,
    Call,
    Constant,
    Expression,
    In,
    IsDefined,
    Logical,
    Negate,
    Not,
    PropertyPath,
    QueryError,
    children,
)
from edgeops.localhub.query.functions import FUNCTIONS, KNOWN
from edgeops.localhub.query.reader import TokenReader
from edgeops.localhub.query.tokens import TokenKind

_MAX_DEPTH = 64

_PRECEDENCE = {
    "OR": 1,
    "AND": 2,
    **dict.fromkeys(("=", "!=", "<", ">", "<=", ">=", "IN", "NIN"), 4),
    **dict.fromkeys(("+", "-"), 5),
    **dict.fromkeys(("*", "/", "%"), 6),
}
_NOT_PRECEDENCE = 3
_MINUS_PRECEDENCE = 7

_CONSTANTS = {"TRUE": True, "FALSE": False, "NULL": None, "UNDEFINED": UNDEFINED}

# Microsoft's own examples write these in any case (`SELECT DeviceId`); rows have this spelling.
_PROPERTIES = {
    name.lower(): name
    for name in (
        *("deviceId", "moduleId", "etag", "deviceEtag", "version", "modelId"),
        *("status", "statusReason", "statusUpdateTime", "connectionState", "lastActivityTime"),
        *("cloudToDeviceMessageCount", "authenticationType", "x509Thumbprint"),
        *("tags", "properties", "capabilities", "deviceScope", "parentScopes", "configurations"),
        *("jobId", "jobType", "startTimeUtc", "endTimeUtc"),
        *("createdDateTimeUtc", "lastUpdatedDateTimeUtc", "outcome", "error"),
    )
}
# "Queries for IoT Hub jobs" calls it so in the query, and `createdDateTimeUtc` in the job.
_PROPERTIES["createdtimeutc"] = "createdDateTimeUtc"


def expression(reader: TokenReader) -> Expression:
    """Read an expression. Raises `QueryError` if there is none, or it is nested too deeply."""
    start = reader.token.position
    root = _expression(reader, 0, 0)
    level: tuple[Expression, ...] = (root,)
    for _ in range(_MAX_DEPTH):
        level = tuple(child for parent in level for child in children(parent))
        if not level:
            return root
    raise _too_deep(start)


def _too_deep(position: int) -> QueryError:
    return QueryError(f"the expression is nested deeper than {_MAX_DEPTH} levels", position)


def _expression(reader: TokenReader, precedence: int, depth: int) -> Expression:
    """Read an expression whose operators all have a higher precedence than this one."""
    if depth > _MAX_DEPTH:
        raise _too_deep(reader.token.position)
    left = _operand(reader, depth)
    while _PRECEDENCE.get(reader.word, 0) > precedence:
        operator = reader.word
        if operator in ("AND", "OR"):
            left = _logical(reader, operator, left, depth)
        elif operator in ("IN", "NIN"):
            left = _membership(reader, left, depth)
        else:
            reader.next()
            right = _expression(reader, _PRECEDENCE[operator], depth + 1)
            left = Binary(operator, left, right)
    return left


def _logical(reader: TokenReader, operator: str, first: Expression, depth: int) -> Expression:
    operands = [first]
    while reader.accept(operator):
        operands.append(_expression(reader, _PRECEDENCE[operator], depth + 1))
    return Logical(operator, tuple(operands))


def _membership(reader: TokenReader, operand: Expression, depth: int) -> Expression:
    negated = reader.next().value == "NIN"
    return In(operand, _list(reader, "[", "]", depth), negated)


def _operand(reader: TokenReader, depth: int) -> Expression:
    if reader.function:
        return _call(reader, depth)
    if reader.token.kind in (TokenKind.NAME, TokenKind.QUOTED_NAME):
        return property_path(reader)
    token = reader.next()
    if token.kind in (TokenKind.STRING, TokenKind.NUMBER):
        return Constant(token.value)
    if token.kind is TokenKind.KEYWORD and token.value in _CONSTANTS:
        return Constant(_CONSTANTS[token.value])
    match token.value:
        case "NOT":
            return Not(_expression(reader, _NOT_PRECEDENCE, depth + 1))
        case "-":
            return Negate(_expression(reader, _MINUS_PRECEDENCE, depth + 1))
        case "(":
            inner = _expression(reader, 0, depth + 1)
            reader.expect(")")
            return inner
    raise QueryError(f"expected a value, found {token.text}", token.position)


def _call(reader: TokenReader, depth: int) -> Expression:
    function, name = reader.function, reader.next()
    if function in AGGREGATES:
        raise QueryError(f"{name.text}() must be a column of its own in SELECT", name.position)
    if function == "IS_DEFINED":
        reader.expect("(")
        path = property_path(reader)
        reader.expect(")")
        return IsDefined(path)
    if function not in FUNCTIONS:
        message = f"{name.text}() is not known; queries on twins have {KNOWN}"
        raise QueryError(message, name.position)
    arguments = _list(reader, "(", ")", depth)
    expected = FUNCTIONS[function].arguments
    if len(arguments) != expected:
        message = f"{name.text}() takes {expected} values, not {len(arguments)}"
        raise QueryError(message, name.position)
    return Call(function, FUNCTIONS[function].compute, arguments)


def _list(reader: TokenReader, opening: str, closing: str, depth: int) -> tuple[Expression, ...]:
    items: list[Expression] = []
    reader.expect(opening)
    while reader.word != closing:
        if items:
            reader.expect(",")
        items.append(_expression(reader, 0, depth + 1))
    reader.expect(closing)
    return tuple(items)


def property_path(reader: TokenReader) -> PropertyPath:
    """Read the path of a property. Raises `QueryError` if there is none."""
    keys = reader.names()
    if len(keys) > 1 and keys[0].lower() == "devices":
        del keys[0]
        if len(keys) > 1 and keys[0].lower() in ("modules", "jobs"):
            del keys[0]
    return PropertyPath((_PROPERTIES.get(keys[0].lower(), keys[0]), *keys[1:]))
