"""The JSON Schemas of a fleet: checking and compiling them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NoReturn

from edgeops.fleet.model import Document, Place, Problem
from edgeops.fleet.schema_words import Mismatch
from edgeops.fleet.shown import shown
from edgeops.fleet.yaml import MAX_BYTES, too_large

if TYPE_CHECKING:
    from edgeops.fleet.schema_bounded import BoundedSchema

MAX_DEPTH = 100  # levels of the JSON document


def compile_user_schema(document: Any) -> BoundedSchema:
    """The compiled schema; `schema_faults` must have found nothing in it."""
    from edgeops.fleet.schema_bounded import BoundedSchema
    from edgeops.fleet.schema_parts import plain

    return BoundedSchema(plain(document))


def schema_faults(document: Any) -> tuple[Mismatch, ...]:
    """The faults of a schema itself: size, keywords, expressions, references; sorted."""
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
    """The pair of keywords for which `jsonschema` itself matches regular expressions."""
    from edgeops.fleet.schema_parts import parts

    schemas = [(at, part) for at, part, _ in parts(document)]
    if any("patternProperties" in part for _, part in schemas):
        for at, part in schemas:
            if "unevaluatedProperties" in part:
                text = "`unevaluatedProperties` cannot be combined with `patternProperties`"
                hint = "use `additionalProperties`, or list the `properties`"
                yield Mismatch(f"{at}/unevaluatedProperties", text, hint)


def parse_schema(file: str, data: bytes) -> tuple[tuple[Document, ...], tuple[Problem, ...]]:
    """The schema in a file if it is valid, and the problems of the file."""
    if len(data) > MAX_BYTES:
        return (), (too_large(file, len(data)),)
    try:
        value = json.loads(data, parse_constant=_refuse, parse_float=_finite, parse_int=_integer)
    except json.JSONDecodeError as error:
        place = Place(file, error.lineno, error.colno)
        return (), (Problem(place, "", f"is not JSON: {error.msg}"),)
    except UnicodeDecodeError:
        return (), (Problem(Place(file), "", "is not UTF-8 text", "save the file as UTF-8"),)
    except RecursionError:
        return (), (Problem(Place(file), "", "is nested too deeply"),)
    except ValueError as error:  # also for an integer of thousands of digits
        text = str(error).partition(";")[0]
        return (), (Problem(Place(file), "", f"is not JSON: {text}"),)
    problems = tuple(
        Problem(Place(file), fault.pointer, f"is not a JSON Schema: {fault.message}", fault.hint)
        for fault in schema_faults(value)
    )
    return (() if problems else (Document(file, value, {}),)), problems


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{shown(text)} is too large a number")
    return value


def _integer(text: str) -> int:
    value = int(text)
    _finite(text)  # keywords calculate with both kinds of numbers
    return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON value")
