"""JSON Schemas of a fleet's own: what is wrong with one, and one ready for use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from edgeops.fleet.schema_words import Mismatch

if TYPE_CHECKING:
    from edgeops.fleet.schema_bounded import BoundedSchema

MAX_DEPTH = 100  # levels of the JSON document


def compile_user_schema(document: Any) -> BoundedSchema:
    """A schema ready for use; `schema_faults` must have found nothing in it."""
    from edgeops.fleet.schema_bounded import BoundedSchema
    from edgeops.fleet.schema_parts import plain

    return BoundedSchema(plain(document))


def schema_faults(document: Any) -> tuple[Mismatch, ...]:
    """What is wrong with a schema itself: size, keywords, expressions, references; sorted."""
    from edgeops.fleet.metaschema import Metaschema
    from edgeops.fleet.schema_parts import deeper_than, plain
    from edgeops.fleet.schema_references import reference_faults

    if deeper_than(document, MAX_DEPTH):
        return (Mismatch("", f"is nested deeper than {MAX_DEPTH} levels", "make it flatter"),)
    metaschema = Metaschema()
    faults = {*metaschema.faults(document)}
    if not faults:
        faults = {*_evaluated(document), *reference_faults(plain(document), metaschema)}
    return tuple(sorted(faults))


def _evaluated(document: Any) -> Iterator[Mismatch]:
    """The one pair of keywords where `jsonschema` itself looks for regular expressions."""
    from edgeops.fleet.schema_parts import parts

    schemas = [(at, part) for at, part, _ in parts(document)]
    if any("patternProperties" in part for _, part in schemas):
        for at, part in schemas:
            if "unevaluatedProperties" in part:
                text = "`unevaluatedProperties` does not go together with `patternProperties`"
                hint = "use `additionalProperties`, or list the `properties`"
                yield Mismatch(f"{at}/unevaluatedProperties", text, hint)
