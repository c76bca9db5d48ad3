"""The syntax tree of queries and target conditions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal

Source = Literal["devices", "devices.modules", "devices.jobs"]


class QueryError(Exception):
    """An invalid query: what is wrong, and at which character (from 0)."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


class Undefined(Enum):
    """The value of a missing property, and of an operation on values of the wrong type."""

    UNDEFINED = "undefined"


UNDEFINED = Undefined.UNDEFINED


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant: string, number, boolean, None (`null`) or UNDEFINED."""

    value: Any


@dataclass(frozen=True, slots=True)
class PropertyPath:
    """A property of the twin, as the keys of its path."""

    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IsDefined:
    """Whether a property exists, even as `null`."""

    path: PropertyPath


@dataclass(frozen=True, slots=True)
class Not:
    """`NOT operand`."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class Negate:
    """`-operand`."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class Binary:
    """A comparison (`= != < > <= >=`) or arithmetic (`+ - * / %`)."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class In:
    """`operand IN [items]`, or `NIN` when negated."""

    operand: Expression
    items: tuple[Expression, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Logical:
    """`AND` or `OR` over two or more operands.

    The operands are a list because real conditions name hundreds of devices, and
    a tree of binary operators would be as deep as their number.
    """

    operator: str
    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class ItemPath:
    """A value, as the keys of its path and, as numbers, its places in arrays, from 0."""

    keys: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class FirstDefined:
    """The first operand that is defined."""

    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A function of JSON values or UNDEFINED, which it must take and may give, by its name."""

    name: str
    function: Callable[..., Any]
    arguments: tuple[Expression, ...]


Expression = (
    Constant
    | PropertyPath
    | IsDefined
    | Not
    | Negate
    | Binary
    | In
    | Logical
    | ItemPath
    | FirstDefined
    | Call
)


def children(expression: Expression) -> tuple[Expression, ...]:
    """The direct subexpressions of an expression."""
    match expression:
        case Not(operand) | Negate(operand):
            return (operand,)
        case Binary(_, left, right):
            return (left, right)
        case In(operand, items):
            return (operand, *items)
        case Logical(_, operands) | FirstDefined(operands) | Call(_, _, operands):
            return operands
    return ()


@dataclass(frozen=True, slots=True)
class Column:
    """One projected value, and its key in the row."""

    expression: Expression
    name: str


@dataclass(frozen=True, slots=True)
class Aggregate:
    """COUNT, SUM, AVG, MIN or MAX of a property in a group; `path` is None for `COUNT()`."""

    function: str
    path: PropertyPath | None


@dataclass(frozen=True, slots=True)
class GroupColumn:
    """One column of a group (an aggregate, or a property of GROUP BY), and its key in the row."""

    value: Aggregate | PropertyPath
    name: str


@dataclass(frozen=True, slots=True)
class Grouping:
    """The columns of each group; without `by`, all twins that match are one group."""

    columns: tuple[GroupColumn, ...]
    by: tuple[PropertyPath, ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """A query; with neither `columns` nor `grouping` it selects `*`.

    `text` is the source text: continuation tokens are bound to it.
    """

    source: Source
    columns: tuple[Column, ...] = ()
    grouping: Grouping | None = None
    top: int | None = None
    where: Expression | None = None
    text: str = field(default="", compare=False)

    @property
    def kind(self) -> Literal["Twin", "Raw", "DeviceJob"]:
        """The kind of rows: the `x-ms-item-type` header of the response."""
        if self.columns or self.grouping:
            return "Raw"
        return "DeviceJob" if self.source == "devices.jobs" else "Twin"


@dataclass(frozen=True, slots=True)
class TargetCondition:
    """The target condition of a configuration; without `where` it matches every twin."""

    source: Source
    where: Expression | None
