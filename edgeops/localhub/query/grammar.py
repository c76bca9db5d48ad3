"""Parses queries and target conditions."""

from __future__ import annotations

from edgeops.localhub.query.ast import (
    Constant,
    Expression,
    PropertyPath,
    Query,
    QueryError,
    Source,
    TargetCondition,
)
from edgeops.localhub.query.columns import grouped_columns, selected_columns
from edgeops.localhub.query.expressions import expression, property_path
from edgeops.localhub.query.reader import TokenReader
from edgeops.localhub.query.tokens import TokenKind, tokens

MAX_CHARACTERS = 8192


def parse(text: str) -> Query:
    """Parse a query. Raises `QueryError` if it is invalid."""
    return _query(text, None)


def parse_metric(text: str, source: Source = "devices") -> Query:
    """Parse a custom metric of a configuration that targets twins of a source.

    A metric may lack FROM, as `select *` in the examples of `az iot hub
    configuration create`; it is on the source then. Raises `QueryError` if it is
    invalid, or not on twins.
    """
    return _query(text, source)


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
        source = _source(reader, jobs=False)
        where = _where(reader)
    else:
        where = expression(reader)
    reader.expect_end()
    return TargetCondition(source, where)


def _check_length(text: str) -> None:
    if len(text) > MAX_CHARACTERS:
        raise QueryError(f"a query may have {MAX_CHARACTERS:,} characters", MAX_CHARACTERS)


def _query(text: str, metric_of: Source | None) -> Query:
    _check_length(text)
    reader = TokenReader(text)
    reader.expect("SELECT")
    top = _top(reader)
    selected = selected_columns(reader)
    if metric_of and reader.word != "FROM":
        source = metric_of
    else:
        reader.expect("FROM")
        source = _source(reader, jobs=metric_of is None)
    where = _where(reader)
    by = _group_by(reader)
    reader.expect_end()
    if source == "devices.jobs" and (selected or by):
        raise QueryError("a query on devices.jobs must be SELECT * without GROUP BY", 0)
    columns, grouping = grouped_columns(selected, by)
    return Query(source, columns, grouping, top, where, text)


def _top(reader: TokenReader) -> int | None:
    if not reader.accept("TOP"):
        return None
    token = reader.next()
    if token.kind is not TokenKind.NUMBER or not isinstance(token.value, int):
        raise QueryError("TOP needs a whole number", token.position)
    return token.value


def _source(reader: TokenReader, *, jobs: bool) -> Source:
    position = reader.token.position
    match ".".join(reader.names()).lower():
        case "devices":
            return "devices"
        case "devices.modules":
            return "devices.modules"
        case "devices.jobs" if jobs:
            return "devices.jobs"
    others = "devices.modules or devices.jobs" if jobs else "or devices.modules"
    raise QueryError(f"FROM takes devices{',' if jobs else ''} {others}", position)


def _where(reader: TokenReader) -> Expression | None:
    return expression(reader) if reader.accept("WHERE") else None


def _group_by(reader: TokenReader) -> tuple[PropertyPath, ...]:
    if not reader.accept("GROUP"):
        return ()
    reader.expect("BY")
    paths = [property_path(reader)]
    while reader.accept(","):
        paths.append(property_path(reader))
    return tuple(paths)
