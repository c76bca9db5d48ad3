"""JSON Schema 2020-12 itself: is a document a schema?"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema_specifications import REGISTRY
from referencing.jsonschema import DRAFT202012, EMPTY_REGISTRY, SchemaRegistry

from edgeops.fleet.regular import BadExpression, Expressions
from edgeops.fleet.schema_bounded import BoundedSchema
from edgeops.fleet.schema_words import Mismatch

MAX_STEPS = 200_000  # to check one document, besides those granted for its size

_URI = "https://json-schema.org/draft/2020-12/"


@dataclass(slots=True)
class Metaschema:
    """Checks one document, and then parts of it, within a counted number of steps."""

    _schema: BoundedSchema = field(init=False)
    _spare: int = MAX_STEPS

    def __post_init__(self) -> None:
        expressions = Expressions()

        def is_expression(value: Any) -> bool:
            return not isinstance(value, str) or expressions.size(value) > 0

        formats = FormatChecker(())
        formats.checks("regex", raises=BadExpression)(is_expression)
        self._schema = BoundedSchema({"$ref": f"{_URI}schema"}, formats, _vocabularies())

    def faults(self, part: Any) -> tuple[Mismatch, ...]:
        """What keeps it from being a schema."""
        checked = self._schema.check(part, self._spare)
        self._spare += min(checked.saved, 0)
        if checked.stopped_at is None:
            return checked.mismatches
        hint = "it is for the properties of one module, 32 KB at most: check less in it"
        return (*checked.mismatches, Mismatch("", "is too large a schema", hint))


@cache
def _vocabularies() -> SchemaRegistry:
    names = ["schema", *(part["$ref"] for part in Draft202012Validator.META_SCHEMA["allOf"])]
    return EMPTY_REGISTRY.with_resources(
        (_URI + name, DRAFT202012.create_resource(_static(REGISTRY.contents(_URI + name))))
        for name in names
    )


def _static(value: Any) -> Any:
    """Without what `jsonschema` would follow out of our own rules, or look up again and again."""
    if isinstance(value, list):
        return [_static(item) for item in value]
    if not isinstance(value, dict):
        return value
    found = {key: _static(item) for key, item in value.items()}
    if isinstance(found.get("$schema"), str):
        del found["$schema"]
    if isinstance(found.get("$dynamicRef"), str):
        del found["$dynamicRef"]
        found["$ref"] = f"{_URI}schema"
    return found
