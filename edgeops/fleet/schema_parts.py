"""The parts of a JSON Schema that are schemas themselves, and the weight of JSON values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from edgeops.jsonvalue import JsonObject, pointer

# Keywords of 2020-12 by their value; any other one may contain the target of a `$ref`.
_DATA = frozenset({"const", "default", "enum", "examples"})
_NAMED = frozenset(
    {"$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties"}
)
_SINGLE = frozenset({"contains", "else", "if", "not", "propertyNames", "then"})
_LISTED = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
# All keywords that hold schemas.
_KNOWN = frozenset(
    {*_NAMED, *_SINGLE, *_LISTED, "additionalProperties", "contentSchema", "items"}
    | {"unevaluatedItems", "unevaluatedProperties"}
)

_ONE = 16  # the weight of an item, a number or an object itself, in characters


def plain(schema: Any) -> Any:
    """The same schema in a form that `jsonschema` handles correctly.

    `$schema` of a part would replace the rules it was given, and for a schema `false` it would lose
    the place of the value.
    """
    if isinstance(schema, list):
        return [plain(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    copy: JsonObject = {}
    for keyword, value in schema.items():
        if keyword == "$schema" and isinstance(value, str):
            continue
        if keyword in _DATA:
            copy[keyword] = value
        elif keyword in _NAMED and isinstance(value, dict):
            copy[keyword] = {name: _refusing(part) for name, part in value.items()}
        elif keyword in _LISTED and isinstance(value, list):
            copy[keyword] = [_refusing(part) for part in value]
        else:
            copy[keyword] = _refusing(value) if keyword in _SINGLE else plain(value)
    return copy


def _refusing(schema: Any) -> Any:
    return {"not": {}} if schema is False else plain(schema)


def parts(
    schema: Any, at: str = "", *, known: bool = True
) -> Iterator[tuple[str, JsonObject, bool]]:
    """Every part with its pointer, and whether a metaschema checks it; the root comes first."""
    if isinstance(schema, list):
        for index, part in enumerate(schema):
            yield from parts(part, f"{at}/{index}", known=known)
    if not isinstance(schema, dict):
        return
    yield at, schema, known
    for keyword, value in schema.items():
        below, checked = at + pointer(keyword), known and keyword in _KNOWN
        if keyword in _DATA:
            continue
        if keyword in _NAMED and isinstance(value, dict):
            for name, part in value.items():
                yield from parts(part, below + pointer(name), known=checked)
        else:
            yield from parts(value, below, known=checked)


def weigh(value: Any, weights: dict[int, int]) -> int:
    """The weight of a value: how long it takes to print or compare, about its number of characters.

    `weights` gets the weights of all objects and lists in it, by id.
    """
    if isinstance(value, dict):
        weight = _ONE + sum(len(key) + weigh(item, weights) for key, item in value.items())
    elif isinstance(value, list):
        weight = _ONE + sum(weigh(item, weights) for item in value)
    else:
        return _ONE + len(value) if isinstance(value, str) else _ONE
    weights[id(value)] = weight
    return weight


def deeper_than(value: Any, levels: int) -> bool:
    """Whether a value is nested deeper than that; does not recurse."""
    row = [value]
    for _ in range(levels + 1):
        row = [item for part in row for item in _items(part)]
        if not row:
            return False
    return True


def _items(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
