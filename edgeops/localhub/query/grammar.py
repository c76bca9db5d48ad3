"""Parses queries and target conditions."""

from __future__ import annotations

from edgeops.localhub.query.ast import (
    Column,
    Constant,
    Expression,
    PropertyPath,
    Query,
    QueryError,
    Source,
    TargetCondition,
)
from edgeops.localhub.query.expressions import expression
from edgeops.localhub.query.reader import TokenReader
from edgeops.localhub.query.tokens import TokenKind, tokens

MAX_CHARACTERS = 8192


def parse(text: str) -> Query:
    """Parse a query. Raises `QueryError` if it is invalid or not supported yet."""
    _check_length(text)
    reader = TokenReader(text)
    reader.expect("SELECT")
    top = _top(reader)
    columns: tuple[Column, ...] = ()
    count = None
    if reader.function == "COUNT":
        count = _count(reader)
    elif not reader.accept("*"):
        columns = _columns(reader)
    reader.expect("FROM")
    source = _source(reader)
    where = _where(reader)
    reader.expect_end()
    return Query(source, columns, count, top, where, text)


def condition(text: str) -> TargetCondition:
    """Parse a target condition: `*` matches every device, an empty string none.

    Conditions on modules are written `FROM devices.modules WHERE ...`. IN and
    NIN are refused, as on Azure (Azure/azure-iot-cli-extension issue 490).
    Raises `QueryError` if it is invalid.
    """
    _check_length(text)
    if text.strip() == "*":
        return TargetCondition("devices", None)
    if not text.strip():
        return TargetCondition("devices", Constant(value=False))
    for token in tokens(text):
        if token.kind is TokenKind.KEYWORD and token.value in ("IN", "NIN"):
            message = f"a target condition may not use {token.value}; write it with OR"
            raise QueryError(message, token.position)
    return _condition(text)


def job_condition(text: str) -> TargetCondition:
    """Parse the condition of a job: as `condition`, but with IN and NIN, and not empty.

    Raises `QueryError` if it is invalid.
    """
    _check_length(text)
    return TargetCondition("devices", None) if text.strip() == "*" else _condition(text)


def _condition(text: str) -> TargetCondition:
    reader = TokenReader(text)
    source: Source = "devices"
    where: Expression | None
    if reader.accept("FROM"):
        source = _source(reader)
        where = _where(reader)
    else:
        where = expression(reader)
    reader.expect_end()
    return TargetCondition(source, where)


def _check_length(text: str) -> None:
    if len(text) > MAX_CHARACTERS:
        raise QueryError(f"a query may have {MAX_CHARACTERS:,} characters", MAX_CHARACTERS)


def _top(reader: TokenReader) -> int | None:
    if not reader.accept("TOP"):
        return None
    token = reader.next()
    if token.kind is not TokenKind.NUMBER or not isinstance(token.value, int):
        raise QueryError("TOP needs a whole number", token.position)
    return token.value


def _count(reader: TokenReader) -> str:
    reader.next()
    reader.expect("(")
    reader.expect(")")
    name = _alias(reader) or "$1"
    if reader.word == ",":
        message = "other columns next to COUNT() are not supported yet"
        raise QueryError(message, reader.token.position)
    return name


def _columns(reader: TokenReader) -> tuple[Column, ...]:
    columns: dict[str, Column] = {}
    unnamed = 0
    while not columns or reader.accept(","):
        position = reader.token.position
        projected = expression(reader)
        name = _alias(reader)
        if name is None and isinstance(projected, PropertyPath):
            name = projected.keys[-1]
        elif name is None:
            unnamed += 1
            name = f"${unnamed}"
        if name in columns:
            raise QueryError(f"two columns are named {name}; name one with AS", position)
        columns[name] = Column(projected, name)
    return tuple(columns.values())


def _alias(reader: TokenReader) -> str | None:
    return reader.name() if reader.accept("AS") else None


def _source(reader: TokenReader) -> Source:
    position = reader.token.position
    match ".".join(reader.names()).lower():
        case "devices":
            return "devices"
        case "devices.modules":
            return "devices.modules"
        case "devices.jobs":
            raise QueryError("devices.jobs is not supported yet", position)
    raise QueryError("FROM takes devices or devices.modules", position)


def _where(reader: TokenReader) -> Expression | None:
    return expression(reader) if reader.accept("WHERE") else None
