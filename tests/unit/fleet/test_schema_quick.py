"""The quick check and jsonschema agree on every value, for every schema of ours."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeops.fleet.schema import Schema, compile_schema
from edgeops.fleet.schema_quick import Check, compile_quick

SCHEMAS = {
    path.name: json.loads(path.read_bytes())
    for path in sorted((Path(__file__).parents[3] / "schemas").glob("*.schema.json"))
}
EXAMPLES = {
    name: [
        example
        for definition in [schema, *schema.get("$defs", {}).values()]
        for example in definition.get("examples", ())
    ]
    for name, schema in SCHEMAS.items()
}
SCALARS = (
    st.sampled_from([None, True, False, 0, 1, -1, 1.0, 0.5, 2**70, 1e300])
    | st.sampled_from(["", "a", "a\n", "a b", "é", "1.0.0", "${a}", "/a", "enabled", "sas"])
    | st.sampled_from(["x\x85", "\ufeff", "edgeops/v1", "\ud800", "x" * 200])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["a", "name", "a b", "a\n", "spec", ""]), inner, max_size=3
        )
    ),
    max_leaves=6,
)
PARTS = [
    (name, part) for name, schema in SCHEMAS.items() for part in ["", *schema.get("$defs", {})]
]


@cache
def _compiled(text: str) -> tuple[Check | None, Schema]:
    return compile_quick(json.loads(text)), compile_schema(json.loads(text))


def assert_agree(schema: Any, value: Any) -> None:
    quick, slow = _compiled(json.dumps(schema))
    if quick is not None:
        assert quick(value) is not any(slow._validator.iter_errors(value))


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_of_ours_is_compiled(name: str) -> None:
    assert compile_quick(SCHEMAS[name]) is not None


@given(st.sampled_from(PARTS), st.data())
def test_the_verdict_is_that_of_jsonschema(of: tuple[str, str], data: Any) -> None:
    """Of values as in the examples, of which parts are other values."""
    name, part = of
    root = SCHEMAS[name]
    schema = {**root["$defs"][part], "$defs": root["$defs"]} if part else root
    examples = [*schema.get("examples", ()), *EXAMPLES[name]]
    value = data.draw(st.sampled_from(examples) if examples else VALUES)
    for _ in range(data.draw(st.integers(0, 2))):
        value = _changed(value, data)
    assert_agree(schema, value)


def _changed(value: Any, data: Any) -> Any:
    """The value with one part of it replaced, removed or added."""
    if isinstance(value, dict) and value and data.draw(st.booleans()):
        key = data.draw(st.sampled_from(sorted(value)))
        return {**value, key: _changed(value[key], data)}
    if isinstance(value, dict) and data.draw(st.booleans()):
        keys = [*value, "name", "a", "from", "enabled", "spec"]
        key = data.draw(st.sampled_from(keys))
        if key in value:
            return {name: item for name, item in value.items() if name != key}
        return {**value, key: data.draw(VALUES)}
    if isinstance(value, list) and value and data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(value) - 1))
        return [*value[:at], _changed(value[at], data), *value[at + 1 :], *value[:1]]
    return data.draw(VALUES)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "integer"},
        {"type": ["integer", "null"]},
        {"type": "number"},
        {"enum": [1, "a", None, [1], {"a": 1.0}]},
        {"const": True},
        {"const": 1},
        {"minimum": 1},
        {"exclusiveMaximum": 1},
        {"uniqueItems": True},
        {"contains": {"const": 1}},
        {"not": {"type": "object"}},
        {"oneOf": [{"minimum": 0}, {"maximum": 1}]},
        {"anyOf": [{"required": ["a"]}, {"type": "string"}]},
        {"if": {"type": "string"}, "then": {"minLength": 1}, "else": {"type": "number"}},
        {"pattern": "^a$"},
        {"propertyNames": {"pattern": "^a$"}},
        {"dependentRequired": {"a": ["name"]}},
        {"dependentSchemas": {"a": {"maxProperties": 1}}},
        {"properties": {"a": False}, "additionalProperties": {"type": "string"}},
        {"items": {"$ref": "#"}},
        {"prefixItems": [{"type": "string"}]},
        {"patternProperties": {"^a": False}},
        {"items": {"$ref": "#/$defs/a"}, "$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}},
    ],
    ids=json.dumps,
)
@settings(max_examples=25)
@given(value=VALUES)
def test_each_keyword(schema: Any, value: Any) -> None:
    assert_agree(schema, value)


def test_what_is_not_known_is_left_to_jsonschema() -> None:
    for schema in (
        {"prefixItems": []},
        {"patternProperties": {}},
        {"items": {"$ref": "#"}},
        {"$ref": "#/$defs/a"},
        {"minContains": 1},
        {"type": "set"},
    ):
        assert compile_quick(schema) is None
