"""What a schema costs is counted: the same everywhere, and little."""

from __future__ import annotations

from typing import Any

import pytest

from edgeops.fleet.schema_words import Checked
from edgeops.fleet.user_schema import compile_user_schema, schema_faults

SPARE = 5_000


def check(schema: Any, value: Any, spare: int = SPARE) -> Checked:
    assert schema_faults(schema) == ()
    return compile_user_schema(schema).check(value, spare)


def chain(length: int, link: Any, end: Any) -> dict[str, Any]:
    """`#/$defs/0` refers to `#/$defs/1` as `link` says, and so on."""
    steps = {str(number): link({"$ref": f"#/$defs/{number + 1}"}) for number in range(length)}
    return {"$defs": {**steps, str(length): end}, "$ref": "#/$defs/0"}


def twice(reference: Any) -> Any:
    return {"allOf": [reference, reference]}


MANY = {f"k{number}": number for number in range(20_000)}
EXPENSIVE = {
    "references that branch": (chain(24, twice, {"type": "object"}), {}),
    "and fail": (chain(24, twice, {"type": "string"}), {}),
    "alternatives": (chain(24, lambda ref: {"anyOf": [{"not": ref}, ref]}, {"type": "null"}), 1),
    "conditions": (chain(24, lambda r: {"if": r, "then": r, "else": r}, {"type": "null"}), 1),
    "unevaluated": (
        {
            **chain(24, lambda ref: {"dependentSchemas": {"a": ref, "b": ref}}, {}),
            "unevaluatedProperties": False,
        },
        {"a": 1, "b": 1},
    ),
    "unevaluated members": ({"unevaluatedProperties": False}, MANY),
    "unevaluated items": ({"prefixItems": [{}], "unevaluatedItems": False}, [1] * 20_000),
    "a long list of values": ({"additionalProperties": {"enum": list(range(-9000, 0))}}, MANY),
    "a name to find": (
        {
            "$defs": {
                **{str(number): {"title": "x"} for number in range(900)},
                "x": {"$anchor": "x", "type": "string"},
            },
            "additionalProperties": {"$ref": "#x"},
        },
        MANY,
    ),
    "large alternatives": ({"anyOf": [{"type": "string"}] * 500}, MANY),
    "long texts": ({"items": {"pattern": "[ab]*a[ab]{900}c"}}, ["ab" * 50_000] * 5),
    "large objects": ({"allOf": [{"maxProperties": 1}] * 500}, MANY),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", EXPENSIVE)
def test_an_expensive_check_is_not_done_to_the_end(case: str) -> None:
    schema, value = EXPENSIVE[case]
    checked = check(schema, value)
    assert checked.stopped_at is not None
    assert checked == check(schema, value)


def test_where_the_steps_ran_out_and_what_was_found_before() -> None:
    schema = {"required": ["a"], "properties": {"b": chain(24, twice, True)["$defs"]["0"]}}
    schema["$defs"] = chain(24, twice, True)["$defs"]
    checked = check(schema, {"b": 1})
    assert [mismatch.message for mismatch in checked.mismatches] == ["needs `a`"]
    assert checked.stopped_at is not None
    assert checked.stopped_at.startswith("/$defs/")


CHEAP = {
    "unique objects": ({"uniqueItems": True}, [{"a": number} for number in range(8000)]),
    "mixed items": ({"uniqueItems": True}, [1, "1", True, None, [1], {"1": 1}, [True], 0, False]),
    "names that are missing": ({"required": [f"a{number}" for number in range(900)]}, {}),
    "unknown keys": ({"additionalProperties": False}, MANY),
    "a tiny divisor": ({"multipleOf": 1e-300}, 1e300),
    "a full twin": (
        {"additionalProperties": {"type": "integer", "minimum": 0, "maximum": 10**6}},
        {f"k{number}": number for number in range(2500)},
    ),
}


@pytest.mark.parametrize("case", CHEAP)
def test_a_cheap_check_needs_no_spare_steps(case: str) -> None:
    assert check(*CHEAP[case], spare=0).stopped_at is None


def test_items_are_equal_as_json_values_are() -> None:
    schema = {"uniqueItems": True}
    swapped = [{"a": 1, "b": 2}, {"b": 2, "a": 1}]
    for items in ([1, 1.0], [{"a": [0.0]}, {"a": [0]}], [[], []], swapped):
        assert check(schema, items).mismatches
    for items in ([1, True], [0, False], ["1", 1], [[], {}], [None, "null"], [[1], [True]]):
        assert not check(schema, items).mismatches


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"},
        {"allOf": [{"$dynamicRef": "#x"}], "$dynamicAnchor": "x"},
        {"$ref": "#", "unevaluatedProperties": False},
        {"not": {"$ref": "#"}},
    ],
)
def test_a_schema_that_refers_to_itself_ends(schema: Any) -> None:
    (mismatch,) = check(schema, {"a": 1}).mismatches
    assert "endlessly" in mismatch.message


def test_a_schema_that_refers_to_itself_deeper_in_the_value_is_fine() -> None:
    tree = {"properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}, "leaf": {"type": "null"}}}
    value: Any = {"leaf": 1}
    for _ in range(10):
        value = {"left": value, "right": {}}
    (mismatch,) = check(tree, value, spare=0).mismatches
    assert mismatch.pointer == "/left" * 10 + "/leaf"


SLOW = "a" * 99 + "!"  # for an engine that backtracks


@pytest.mark.parametrize(
    "dialect",
    [
        "https://json-schema.org/draft/2020-12/schema",
        "http://json-schema.org/draft-07/schema#",
        "http://json-schema.org/draft-04/schema#",
        "http://localhost/none",
    ],
)
def test_a_part_with_a_dialect_keeps_to_the_same_rules(dialect: str) -> None:
    part = {"$schema": dialect, "pattern": "^(a+)+$"}
    assert check({"properties": {"a": part}}, {"a": SLOW}).mismatches
    recursive = {"$schema": dialect, "properties": {"next": {"$ref": "#"}, "name": part}}
    assert check(recursive, {"next": {"next": {"name": SLOW}}}).mismatches
