"""Parses the columns of SELECT, plain or of groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from edgeops.localhub.query.aggregates import AGGREGATES
from edgeops.localhub.query.ast import (
    Aggregate,
    Column,
    Expression,
    GroupColumn,
    Grouping,
    PropertyPath,
    QueryError,
)
from edgeops.localhub.query.expressions import expression, property_path
from edgeops.localhub.query.reader import TokenReader


class Selected(NamedTuple):
    """A column as it is written, with its key in the row and its position in the text."""

    value: Expression | Aggregate
    name: str
    position: int


def selected_columns(reader: TokenReader) -> tuple[Selected, ...]:
    """Read the columns of SELECT; none for `*`.

    A column without alias has the last key of its path as its name, as Microsoft's
    Azure/Industrial-IoT expects it; others are `$1`, `$2` and so on, as in Azure
    Cosmos DB (Microsoft does not say what IoT Hub calls them). Raises `QueryError` if
    a column is invalid, or two have one name.
    """
    columns: dict[str, Selected] = {}
    if reader.accept("*"):
        return ()
    unnamed = 0
    while not columns or reader.accept(","):
        position = reader.token.position
        value = _aggregate(reader) if reader.function in AGGREGATES else expression(reader)
        if reader.accept("AS"):
            name = reader.name()
        elif isinstance(value, PropertyPath):
            name = value.keys[-1]
        else:
            unnamed += 1
            name = f"${unnamed}"
        if name in columns:
            raise QueryError(f"two columns are named {name}; name one with AS", position)
        columns[name] = Selected(value, name, position)
    return tuple(columns.values())


def grouped_columns(
    selected: Sequence[Selected], by: tuple[PropertyPath, ...]
) -> tuple[tuple[Column, ...], Grouping | None]:
    """The plain columns, or (with an aggregate or GROUP BY) the columns of groups.

    Raises `QueryError` if a column is neither an aggregate nor in GROUP BY.
    """
    if not by:
        plain = [Column(c.value, c.name) for c in selected if not isinstance(c.value, Aggregate)]
        if len(plain) == len(selected):
            return tuple(plain), None
    if not selected:
        raise QueryError("SELECT * has no groups; select aggregates", 0)
    return (), Grouping(tuple(_group_column(column, by) for column in selected), by)


def _group_column(column: Selected, by: tuple[PropertyPath, ...]) -> GroupColumn:
    if isinstance(column.value, Aggregate):
        return GroupColumn(column.value, column.name)
    if isinstance(column.value, PropertyPath) and column.value in by:
        return GroupColumn(column.value, column.name)
    message = "a column of a group must be an aggregate or a property of GROUP BY"
    raise QueryError(message, column.position)


def _aggregate(reader: TokenReader) -> Aggregate:
    function, name = reader.function, reader.next()
    reader.expect("(")
    if function == "COUNT":
        if reader.word != ")":
            message = f"{name.text}() counts twins and takes nothing in its parentheses"
            raise QueryError(message, reader.token.position)
        path = None
    else:
        path = property_path(reader)
    reader.expect(")")
    return Aggregate(function, path)
