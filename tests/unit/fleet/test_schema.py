"""What a schema finds wrong with a value, in plain words and without secrets."""

from __future__ import annotations

from typing import Any

import pytest

from edgeops.fleet.schema import compile_schema
from edgeops.fleet.user_schema import compile_user_schema, schema_faults


def mismatches_of(schema: Any, value: Any) -> list[tuple[str, str, str]]:
    checked = compile_user_schema(schema).check(value, 50_000)
    assert checked.stopped_at is None
    return [(m.pointer, m.message, m.hint) for m in checked.mismatches]


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({"minLength": 3}, "ab", "is shorter than 3 characters"),
        ({"uniqueItems": True}, [1, 1], "has an item twice"),
        ({"maximum": 3}, 4.5, "is 4.5; it must be at most 3"),
        ({"const": {"a": 1}}, 1, 'is `1`; it must be `{"a": 1}`'),
        ({"multipleOf": 5}, 7, "does not meet `multipleOf` of the schema"),
        (False, 1, "is not allowed here"),
        ({"dependentRequired": {"a": ["b"], "c": ["b"]}}, {"a": 1, "c": 1}, "needs `b`"),
        ({"pattern": "^a$"}, "a\n", "`a\\n` is not valid"),
        ({"oneOf": [{"type": "integer"}, {"minimum": 0}]}, 1, "fits more than one alternative"),
        ({"anyOf": [{"type": "null"}, {"type": "object"}]}, "x", "it must be null or an object"),
        ({"anyOf": [{"type": "null"}, {"maximum": 3}]}, 4, "is 4; it must be at most 3"),
        (
            {"anyOf": [{"type": ["null", "array"]}, {"type": "array"}]},
            "x",
            "it must be null or a list",
        ),
        ({"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}, {}, "needs `a` or `b`"),
        (
            {"oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
            5,
            "fits more than one alternative",
        ),
        (
            {"oneOf": [{"required": [x]} for x in "abc"]},
            {"a": 1, "c": 1},
            "has `a` and `c`; only one",
        ),
        ({"anyOf": [{"type": "object", "required": [x]} for x in "ab"]}, 5, "it must be an object"),
        (
            {"anyOf": [{"type": "object", "required": [x]} for x in "ab"]},
            [],
            "it must be an object",
        ),
        ({"anyOf": [False, {"type": "null"}]}, 1, "is not allowed here"),
        ({"allOf": [{"oneOf": [False, {"not": {}}]}]}, 1, "is not allowed here"),
        ({"not": {"type": "integer"}}, 1, "does not meet `not` of the schema"),
        ({"if": {"type": "integer"}, "then": {"minimum": 3}}, 1, "is 1; it must be at least 3"),
        ({"type": "object", "oneOf": [{"required": ["a"]}, {}]}, 5, "it must be an object"),
        ({"enum": list(range(100))}, "x", "18, 19 or 80 others"),
        ({"$ref": "#"}, 1, "the schema refers to itself endlessly"),
    ],
)
def test_errors_in_plain_words(schema: Any, value: Any, expected: str) -> None:
    ((_, message, _),) = mismatches_of(schema, value)
    assert expected in message


def test_the_place_is_that_of_the_exact_value() -> None:
    schema = {"items": {"properties": {"a/b": {"type": "integer"}}, "additionalProperties": False}}
    assert mismatches_of(schema, [{}, {"a/b": "x", "c": 1}]) == [
        ("/1/a~1b", "is the text `x`; it must be a whole number", ""),
        ("/1/c", "unknown key `c`", "known here: a/b"),
    ]


def test_a_schema_that_is_false_for_a_property_gives_a_problem_at_the_property() -> None:
    schema = {"properties": {"a": False}, "patternProperties": {"^x": False}}
    assert [at for at, _, _ in mismatches_of(schema, {"a": 1, "b": 1, "xy": 1})] == ["/a", "/xy"]


def test_a_message_shows_no_secret_and_no_control_character() -> None:
    value = "\x1b[31mSharedAccessKey=c2VjcmV0c2VjcmV0"
    ((_, message, _),) = mismatches_of({"enum": ["x"]}, value)
    assert message == "is `\\u001b[31mSharedAccessKey=***`; it must be x"


@pytest.mark.parametrize(
    ("schema", "pointer", "expected"),
    [
        ({"pattern": "["}, "/pattern", "`[` is not a valid regular expression"),
        ({"patternProperties": {"(": {}}}, "/patternProperties/(", "`(` is not a valid regular"),
        ({"required": "a"}, "/required", "is the text `a`; it must be a list"),
        ({"$ref": "http://localhost/x.json"}, "/$ref", "`http://localhost/x.json` is not in this"),
        ({"allOf": [{"$ref": "#/$defs/x"}]}, "/allOf/0/$ref", "`#/$defs/x` is not in this schema"),
    ],
)
def test_a_schema_that_cannot_be_used(schema: Any, pointer: str, expected: str) -> None:
    (fault,) = schema_faults(schema)
    assert (fault.pointer, fault.message[: len(expected)]) == (pointer, expected)


def test_references_inside_a_schema_work() -> None:
    schema = {"$id": "https://example.com/a", "$defs": {"x": {"type": "null"}}, "$ref": "#/$defs/x"}
    assert schema_faults(schema) == ()
    assert mismatches_of(schema, None) == []


@pytest.mark.parametrize(
    "schema",
    [
        {"pattern": "^[0-9]+$"},
        {"type": "integer"},
        {"enum": ["a", "b"]},
        {"const": "a"},
        {"anyOf": [{"type": "null"}, {"type": "array"}]},
        {"type": "object", "properties": {"a": {}}, "additionalProperties": False},
    ],
)
def test_what_stands_under_a_secret_key_is_not_shown(schema):
    for value in ("hunter2", {"deeper": "hunter2"}):
        mismatches = mismatches_of({"properties": {"password": schema}}, {"password": value})
        assert mismatches or isinstance(value, dict)
        assert "hunter2" not in str(mismatches)


def test_a_number_under_a_secret_key_is_not_shown():
    (mismatch,) = mismatches_of(
        {"properties": {"pin_password": {"maximum": 10}}}, {"pin_password": 4711}
    )
    assert mismatch == ("/pin_password", "is ***; it must be at most 10", "")


@pytest.mark.parametrize(
    "value",
    [
        {"passwords": ["hunter2"]},
        {"credentials": {"value": "hunter2"}},
        {"list": [{"credentials": {"more": ["hunter2"]}}]},
        {"pin_password": 4711},
    ],
)
def test_a_secret_key_inside_a_value_that_is_shown_keeps_its_value_hidden(value):
    schema = {"properties": {"auth": {"enum": ["none"]}}}
    ((pointer, message, _),) = mismatches_of(schema, {"auth": value})
    assert (pointer, "***" in message) == ("/auth", True)
    assert "hunter2" not in message
    assert "4711" not in message


def test_of_very_many_problems_the_first_are_listed():
    items = compile_schema({"items": {"type": "integer"}})
    assert len(items.mismatches(["x"] * 1000)) == 1000
    first, *others = items.mismatches(["x"] * 5000)
    assert (first.pointer, first.message) == (
        "",
        "has more than 1,000 problems; only some are listed",
    )
    assert len(others) == 1000


def test_why_something_is_not_allowed_is_a_hint() -> None:
    schema = {"properties": {"a": {"not": {}, "description": "Use b."}}}
    assert mismatches_of(schema, {"a": 1}) == [("/a", "is not allowed here", "Use b.")]
