"""Parses expressions by operator precedence."""

from __future__ import annotations

from edgeops.localhub.query.ast import (
    UNDEFINED,
    Binary,
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
_UNSUPPORTED_FUNCTIONS = ("COUNT", "SUM", "AVG", "MIN", "MAX")

# Microsoft's own examples write these in any case (`SELECT DeviceId`); rows have this spelling.
_TWIN_PROPERTIES = {
    name.lower(): name
    for name in (
        *("deviceId", "moduleId", "etag", "deviceEtag", "version", "modelId"),
        *("status", "statusReason", "statusUpdateTime", "connectionState", "lastActivityTime"),
        *("cloudToDeviceMessageCount", "authenticationType", "x509Thumbprint"),
        *("tags", "properties", "capabilities", "deviceScope", "parentScopes", "configurations"),
    )
}


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
    items: list[Expression] = []
    reader.expect("[")
    while reader.word != "]":
        if items:
            reader.expect(",")
        items.append(_expression(reader, 0, depth + 1))
    reader.expect("]")
    return In(operand, tuple(items), negated)


def _operand(reader: TokenReader, depth: int) -> Expression:
    if reader.function:
        return _is_defined(reader)
    if reader.token.kind in (TokenKind.NAME, TokenKind.QUOTED_NAME):
        return _path(reader)
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


def _is_defined(reader: TokenReader) -> Expression:
    function = reader.function
    name = reader.next()
    if function in _UNSUPPORTED_FUNCTIONS:
        raise QueryError(f"{name.text}() is not supported here yet", name.position)
    if function != "IS_DEFINED":
        message = f"{name.text}() is not known; queries on twins have is_defined()"
        raise QueryError(message, name.position)
    reader.expect("(")
    path = _path(reader)
    reader.expect(")")
    return IsDefined(path)


def _path(reader: TokenReader) -> PropertyPath:
    keys = reader.names()
    for collection in ("devices", "modules"):
        if len(keys) == 1 or keys[0].lower() != collection:
            break
        del keys[0]
    return PropertyPath((_TWIN_PROPERTIES.get(keys[0].lower(), keys[0]), *keys[1:]))
