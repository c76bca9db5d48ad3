"""What is wrong with a schema that anybody wrote."""

from __future__ import annotations

from typing import Any

import pytest

from edgeops.fleet.user_schema import compile_user_schema, schema_faults


def deep(levels: int) -> Any:
    schema: Any = {}
    for _ in range(levels):
        schema = {"not": schema}
    return schema


FAULTS: dict[str, tuple[Any, str, str]] = {
    "too deep": (deep(200), "", "is nested deeper than 100 levels"),
    "too large": (
        {"properties": {f"p{number}": {"type": "string"} for number in range(20_000)}},
        "",
        "has more than 5,000 schemas in it",
    ),
    "names twice": ({"required": [{"a": 1}, {"a": 1}]}, "/required", "has an item twice"),
    "look-around": ({"pattern": "(?=a)"}, "/pattern", "is not a regular expression that edgeops"),
    "unevaluated": (
        {"patternProperties": {"^a": {}}, "allOf": [{"unevaluatedProperties": False}]},
        "/allOf/0/unevaluatedProperties",
        "cannot be combined with `patternProperties`",
    ),
    "remote": ({"$ref": "file:///etc/passwd"}, "/$ref", "is not in this schema"),
    "no schema": ({"$ref": "#/const", "const": {"type": 1}}, "/$ref", "`#/const` is not a schema"),
    "number": ({"$ref": "#/x", "x": 5}, "/$ref", "`#/x` is not a schema"),
    "odd part": (
        {"$ref": "#/x", "x": {"type": "nonsense"}},
        "/$ref",
        "`#/x` is not a schema: is `nonsense`; it must be",
    ),
    "odd expression": ({"$ref": "#/x", "x": {"pattern": 5}}, "/$ref", "is the number 5"),
    "into a list": ({"$ref": "#/allOf/first", "allOf": [{}]}, "/$ref", "is not in this schema"),
    "into a text": ({"$ref": "#/title/x", "title": "a"}, "/$ref", "is not in this schema"),
    "no URL": ({"$ref": "http://["}, "/$ref", "is not in this schema"),
    "bad id": ({"properties": {"a": {"$id": "http://["}}}, "/properties/a/$id", "is not a URI"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_the_faults_of_a_schema_and_their_places(case: str) -> None:
    schema, pointer, message = FAULTS[case]
    faults = [fault for fault in schema_faults(schema) if message in fault.message]
    assert [fault.pointer for fault in faults] == [pointer]


@pytest.mark.parametrize(
    "schema",
    [
        True,
        {"$ref": "#/components/a", "components": {"a": {"type": "null"}}},
        {"$ref": "#/properties/default", "properties": {"default": {"type": "null"}}},
        {"$id": "http://localhost/a", "$ref": "a#/$defs/b", "$defs": {"b": {"type": "null"}}},
        {"$ref": "#name", "$defs": {"b": {"$anchor": "name", "type": "null"}}},
        {"$schema": "http://json-schema.org/draft-04/schema#", "type": "null"},
        {"definitions": {"b": {"type": "null"}}, "$ref": "#/definitions/b"},
        {"allOf": [{"$id": "urn:a", "$ref": "#/$defs/b", "$defs": {"b": {"type": "null"}}}]},
        {"unevaluatedProperties": False, "type": "null"},
        {"enum": [None, {"$schema": "x", "$ref": "nowhere", "pattern": "("}]},
        deep(90),
    ],
)
def test_schemas_that_can_be_used(schema: Any) -> None:
    assert schema_faults(schema) == ()
    assert compile_user_schema(schema).check(None, 0).mismatches == ()


def test_the_data_in_a_schema_stays_as_it_is() -> None:
    schema = {"const": {"$schema": "x", "a": False}}
    assert not compile_user_schema(schema).check({"$schema": "x", "a": False}, 0).mismatches
    assert compile_user_schema(schema).check({"a": False}, 0).mismatches
