"""Keywords of JSON Schema for which `jsonschema` is too slow or repeats its errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from jsonschema.exceptions import ValidationError

from edgeops.fleet.schema_quick import same_text

# Not `jsonschema.protocols.Validator`, which lacks `descend`.
Keyword = Callable[[Any, Any, Any, Any], Iterator[ValidationError]]
Search = Callable[[str, str], object]


def keywords(search: Search) -> Mapping[str, Keyword]:
    """The keywords; `search(expression, text)` searches a text for a regular expression."""
    return {
        "pattern": partial(_pattern, search),
        "patternProperties": partial(_pattern_properties, search),
        "additionalProperties": partial(_additional_properties, search),
        "required": _required,
        "dependentRequired": _dependent_required,
        "uniqueItems": _unique_items,
    }


def _pattern(
    search: Search, _: Any, expression: str, value: Any, __: Any
) -> Iterator[ValidationError]:
    if isinstance(value, str) and not search(expression, value):
        yield ValidationError("does not match")


def _pattern_properties(
    search: Search, validator: Any, patterns: Mapping[str, Any], value: Any, _: Any
) -> Iterator[ValidationError]:
    if isinstance(value, dict):
        for expression, schema in patterns.items():
            for name, item in value.items():
                if search(expression, name):
                    yield from validator.descend(item, schema, name, expression)


def _additional_properties(
    search: Search, validator: Any, allowed: Any, value: Any, schema: Mapping[str, Any]
) -> Iterator[ValidationError]:
    if not isinstance(value, dict):
        return
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    more = [
        name
        for name in value
        if name not in known and not any(search(pattern, name) for pattern in patterns)
    ]
    if allowed is not False:
        for name in more:
            yield from validator.descend(value[name], allowed, name)
    elif more:
        yield ValidationError("unknown keys", validator_value=more)


def _required(_: Any, names: list[str], value: Any, __: Any) -> Iterator[ValidationError]:
    if isinstance(value, dict):
        for name in names:
            if name not in value:
                yield ValidationError("is incomplete", validator_value=[name])


def _dependent_required(
    validator: Any, needed: Mapping[str, list[str]], value: Any, schema: Any
) -> Iterator[ValidationError]:
    if isinstance(value, dict):
        names = {name: None for key, of_key in needed.items() if key in value for name in of_key}
        yield from _required(validator, list(names), value, schema)


def _unique_items(_: Any, wanted: Any, value: Any, __: Any) -> Iterator[ValidationError]:
    if wanted and isinstance(value, list) and len(set(map(same_text, value))) < len(value):
        yield ValidationError("has an item twice")
