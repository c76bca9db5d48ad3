"""What holds for every query: it survives printing, and no twin makes it fail."""

import json

from hypothesis import given
from hypothesis import strategies as st

from edgeops.localhub.query import QueryError, page, parse
from edgeops.localhub.query.ast import (
    UNDEFINED,
    Aggregate,
    Binary,
    Call,
    Column,
    Constant,
    GroupColumn,
    Grouping,
    In,
    IsDefined,
    Logical,
    Negate,
    Not,
    PropertyPath,
    Query,
)
from edgeops.localhub.query.functions import FUNCTIONS
from edgeops.localhub.steps import finish


def called(name, arguments):
    return Call(name, FUNCTIONS[name].compute, arguments)


def printed(expression):
    match expression:
        case Constant(value):
            return "undefined" if value is UNDEFINED else json.dumps(value)
        case PropertyPath(keys):
            return ".".join(f"[[{key}]]" for key in keys)
        case IsDefined(path):
            return f"IS_DEFINED({printed(path)})"
        case Call(function, _, arguments):
            return f"{function}({', '.join(map(printed, arguments))})"
        case Aggregate(function, path):
            return f"{function}({printed(path) if path else ''})"
        case Not(operand):
            return f"(NOT {printed(operand)})"
        case Negate(operand):
            return f"(-{printed(operand)})"
        case Binary(operator, left, right):
            return f"({printed(left)} {operator} {printed(right)})"
        case In(operand, items, negated):
            word = "NIN" if negated else "IN"
            return f"({printed(operand)} {word} [{', '.join(map(printed, items))}])"
        case Logical(operator, operands):
            return "(" + f" {operator} ".join(map(printed, operands)) + ")"


def printed_query(query):
    columns = [f"{printed(column.expression)} AS [[{column.name}]]" for column in query.columns]
    group_by = ""
    if query.grouping:
        columns = [f"{printed(c.value)} AS [[{c.name}]]" for c in query.grouping.columns]
        if query.grouping.by:
            group_by = f" GROUP BY {', '.join(map(printed, query.grouping.by))}"
    top = "" if query.top is None else f"TOP {query.top} "
    where = f" WHERE {printed(query.where)}" if query.where else ""
    return f"SELECT {top}{', '.join(columns) or '*'} FROM {query.source}{where}{group_by}"


# Strings that json.dumps and the query language escape in the same way.
texts = st.text(st.characters(min_codepoint=32, max_codepoint=0xD7FF), max_size=6)
names = st.sampled_from(["tags", "a", "b", "group", "my config", "$version", "é", "deviceId"])
paths = st.lists(names, min_size=1, max_size=3).map(lambda keys: PropertyPath(tuple(keys)))
numbers = st.integers(0, 2**52) | st.floats(0, allow_nan=False, allow_infinity=False)
constants = st.one_of(texts, numbers, st.booleans(), st.none(), st.just(UNDEFINED))
operators = st.sampled_from(["=", "!=", "<", ">", "<=", ">=", "+", "-", "*", "/", "%"])


def compounds(inner):
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        st.builds(Not, inner),
        st.builds(Negate, inner),
        st.builds(Binary, operators, inner, inner),
        st.builds(
            called, st.sampled_from(["ARRAY_CONTAINS", "STARTSWITH"]), st.tuples(inner, inner)
        ),
        st.builds(In, inner, several, st.booleans()),
        st.builds(Logical, st.sampled_from(["AND", "OR"]), several),
    )


leaves = st.one_of(st.builds(Constant, constants), paths, st.builds(IsDefined, paths))
expressions = st.recursive(leaves, compounds, max_leaves=12)
aggregates = st.one_of(
    st.just(Aggregate("COUNT", None)),
    st.builds(Aggregate, st.sampled_from(["SUM", "AVG", "MIN", "MAX"]), paths),
)


@st.composite
def groupings(draw):
    by = draw(st.lists(paths, max_size=2).map(tuple))
    columns = st.builds(GroupColumn, st.one_of(aggregates, *map(st.just, by)), names)
    named = st.lists(columns, min_size=1, max_size=3, unique_by=lambda column: column.name)
    return Grouping(tuple(draw(named)), by)


plain_columns = st.lists(
    st.builds(Column, expressions, names), max_size=3, unique_by=lambda column: column.name
).map(tuple)
selections = plain_columns.map(lambda columns: (columns, None)) | groupings().map(
    lambda grouping: ((), grouping)
)
queries = st.builds(
    lambda source, selection, *rest: Query(source, *selection, *rest),
    st.sampled_from(["devices", "devices.modules"]),
    selections,
    st.none() | st.integers(0, 5),
    st.none() | expressions,
) | st.builds(Query, st.just("devices.jobs"), where=st.none() | expressions)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), texts, st.integers(-(2**63), 2**64 - 1), st.floats()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)
twins = st.dictionaries(names, values, max_size=4)


@given(queries)
def test_printing_and_parsing_again_gives_the_same_query(query):
    assert parse(printed_query(query)) == query


@given(queries, st.lists(twins, max_size=3))
def test_no_twin_makes_a_query_fail(query, stored):
    rows, _ = finish(page(query, [{"deviceId": "d", "jobId": "j"} | twin for twin in stored], 100))
    assert len([json.loads(row) for row in rows]) <= max(1, len(stored))


words = st.sampled_from(
    [
        *("SELECT", "*", "FROM", "devices", "WHERE", "NOT", "IN", "AS", "GROUP", "BY"),
        *("COUNT", "MAX", "STARTSWITH", "'a'", *"()[],=1-."),
    ]
)


@given(st.text(max_size=40) | st.lists(words).map(" ".join))
def test_any_text_is_a_query_or_a_query_error(text):
    try:
        outcome = parse(text)
    except QueryError as error:
        outcome = error
    assert isinstance(outcome, Query) or 0 <= outcome.position <= len(text)
