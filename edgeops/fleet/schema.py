"""JSON Schema (2020-12): compiled schemas, and what is wrong with a value or a schema.

`jsonschema` takes long to import, so that happens on the first compile only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from edgeops.fleet.schema_words import Mismatch, words
from edgeops.fleet.shown import shown
from edgeops.twin import pointer

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

_OWN_REFERENCES = "a schema can refer to its own `#/$defs/...` only"
_TOO_DEEP = Mismatch("", "the schema refers to itself without end, or is nested too deep")


@dataclass(frozen=True, slots=True)
class Schema:
    """A compiled schema; made by `compile_schema`."""

    _validator: Validator

    def mismatches(self, value: Any) -> tuple[Mismatch, ...]:
        """Everything in a JSON value that the schema does not allow, sorted."""
        from referencing.exceptions import Unresolvable

        try:
            return tuple(sorted(set(words(self._validator.iter_errors(value)))))
        except RecursionError:
            return (_TOO_DEEP,)
        except Unresolvable as error:  # one that only a part with an `$id` of its own has
            text = f"the schema refers to `{shown(error.ref)}`, which is not in it"
            return (Mismatch("", text, _OWN_REFERENCES),)


def compile_schema(document: Any) -> Schema:
    """A schema ready for use; `schema_faults` must have found nothing in it.

    References work inside the document only: nothing is ever fetched.
    """
    from referencing.jsonschema import EMPTY_REGISTRY

    return Schema(_validator_class()(document, registry=EMPTY_REGISTRY))


def schema_faults(document: Any) -> tuple[Mismatch, ...]:
    """What is wrong with a schema itself: keywords, regular expressions, references; sorted."""
    from jsonschema import Draft202012Validator, FormatChecker

    formats = FormatChecker(())
    formats.checks("regex", raises=(re.error, OverflowError, RecursionError))(_is_regex)
    metaschema = Draft202012Validator(Draft202012Validator.META_SCHEMA, format_checker=formats)
    try:
        faults = set(words(metaschema.iter_errors(document))) or set(_dangling(document))
    except RecursionError:
        return (_TOO_DEEP,)
    return tuple(sorted(faults))


def _is_regex(value: Any) -> bool:
    return not isinstance(value, str) or bool(re.compile(value))


def _dangling(document: Any) -> Iterator[Mismatch]:
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import DRAFT202012, EMPTY_REGISTRY

    resource = DRAFT202012.create_resource(document)
    base = resource.id() or ""
    resolver = EMPTY_REGISTRY.with_resource(base, resource).resolver(base)
    for path, reference in _references(document, ()):
        try:
            resolver.lookup(reference)
        except Unresolvable:
            text = f"`{shown(reference)}` is not in this schema"
            yield Mismatch(pointer(*path), text, _OWN_REFERENCES)


def _references(
    value: Any, path: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key in ("$ref", "$dynamicRef") and isinstance(item, str):
                yield (*path, key), item
            yield from _references(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _references(item, (*path, index))


@cache
def _validator_class() -> type[Validator]:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError
    from jsonschema.validators import extend

    def pattern(_: Validator, regex: str, value: Any, __: Any) -> Iterator[ValidationError]:
        if isinstance(value, str) and not re.search(_strict_end(regex), value):
            yield ValidationError(f"{value!r} does not match {regex!r}")

    strict: type[Validator] = extend(  # type: ignore[no-untyped-call]
        Draft202012Validator, {"pattern": pattern}
    )
    return strict


def _strict_end(regex: str) -> str:
    """The expression as JSON Schema means it: in Python `$` also matches before a last newline."""
    return regex[:-1] + r"\Z" if regex.endswith("$") and not regex.endswith(r"\$") else regex
