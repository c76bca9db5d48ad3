"""Checks whether a document is a JSON Schema 2020-12."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema_specifications import REGISTRY
from referencing.jsonschema import DRAFT202012, EMPTY_REGISTRY, SchemaRegistry

from edgeops.fleet.regular import BadExpression, Expressions
from edgeops.fleet.schema_bounded import BoundedSchema
from edgeops.fleet.schema_parts import parts, weigh
from edgeops.fleet.schema_words import Mismatch

MAX_PARTS = 5000  # schemas in one document
MAX_STEPS = 100_000  # to check them, in addition to those granted for their size

_URI = "https://json-schema.org/draft/2020-12/"
_SCHEMA = ["object", "boolean"]  # the types that a schema may have


@dataclass(slots=True)
class Metaschema:
    """Checks documents, and later the targets of their references, within a number of steps."""

    _schema: BoundedSchema = field(init=False)
    _spare: int = MAX_STEPS

    def __post_init__(self) -> None:
        expressions = Expressions()

        def is_expression(value: Any) -> bool:
            return not isinstance(value, str) or expressions.size(value) > 0

        formats = FormatChecker(())
        formats.checks("regex", raises=BadExpression)(is_expression)
        self._schema = BoundedSchema({"$ref": f"{_URI}schema"}, formats, _vocabularies())

    def faults(self, document: Any) -> Iterator[Mismatch]:
        """Why a document is not a schema, as far as keywords are known.

        Each part is checked by itself, so that nesting does not matter.
        """
        weights: dict[int, int] = {}
        weigh(document, weights)
        schemas = [(at, part) for at, part, known in parts(document) if known]
        if len(schemas) > MAX_PARTS:
            text = f"has more than {MAX_PARTS:,} schemas in it"
            yield Mismatch("", text, "simplify it: it describes one module, 32 KB at most")
            return
        for at, part in schemas or [("", document)]:
            checked = self._schema.check(part, self._spare, weights)
            self._spare += min(checked.saved, 0)
            for fault in checked.mismatches:
                yield replace(fault, pointer=at + fault.pointer)
            if checked.stopped_at is not None:
                yield Mismatch(at, "is too large", "make it smaller or simpler")


@cache
def _vocabularies() -> SchemaRegistry:
    names = ["schema", *(part["$ref"] for part in Draft202012Validator.META_SCHEMA["allOf"])]
    return EMPTY_REGISTRY.with_resources(
        (_URI + name, DRAFT202012.create_resource(_static(REGISTRY.contents(_URI + name))))
        for name in names
    )


def _static(value: Any) -> Any:
    """The metaschema of one part: of the schemas in it, it only checks the type.

    It has no `$schema`, with which `jsonschema` would leave our own rules.
    """
    if isinstance(value, list):
        return [_static(item) for item in value]
    if not isinstance(value, dict):
        return value
    static = {key: _static(item) for key, item in value.items()}
    if isinstance(static.get("$schema"), str):
        del static["$schema"]
    if isinstance(static.get("$dynamicRef"), str):
        return {"type": _SCHEMA}
    return static
