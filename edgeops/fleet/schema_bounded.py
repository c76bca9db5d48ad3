"""Schemas that anybody wrote: checking a value takes a counted number of steps at most.

Counted, not timed: the same schema and value give the same result on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.validators import extend
from referencing.exceptions import Unresolvable
from referencing.jsonschema import EMPTY_REGISTRY, SchemaRegistry

from edgeops.fleet.regular import Expressions
from edgeops.fleet.schema_keywords import Keyword, keywords
from edgeops.fleet.schema_parts import parts, weigh
from edgeops.fleet.schema_words import OWN_REFERENCES, TOO_DEEP, Mismatch, words
from edgeops.fleet.shown import shown
from edgeops.twin import pointer

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

_MAX_DEPTH = 100  # keywords inside each other: more than a value of ten levels can need
_CHARACTERS = 256  # to compare or to print as many is one step
_INSTRUCTIONS = 2048  # of a regular expression, each on one character, are one step

# Keywords that compare with or print all that the schema says there.
_WHOLE = frozenset({"const", "enum", "not", "oneOf"})
# Keywords whose time grows with the square of the number of members.
_SQUARE = frozenset({"unevaluatedItems", "unevaluatedProperties"})


@dataclass(frozen=True, slots=True)
class Checked:
    """What a schema says of a value, and the steps that took.

    `stopped_at` is the pointer of the keyword in the schema where the steps
    ran out; the mismatches are then only those that were found until there.
    """

    mismatches: tuple[Mismatch, ...]
    steps: int
    stopped_at: str | None = None


class _Exhausted(Exception):
    """The steps ran out."""


class _Endless(Exception):
    """Keywords lie deeper inside each other than any value needs."""


@dataclass(slots=True)
class _Work:
    """What one check has taken so far."""

    limit: int
    weights: dict[int, int]  # of the parts of the value
    steps: int = 0
    depth: int = 0
    last: tuple[int, str] = (0, "")  # the schema (its id) and the keyword that came last

    def take(self, steps: int) -> None:
        self.steps += steps
        if self.steps > self.limit:
            raise _Exhausted


@dataclass(slots=True)
class BoundedSchema:
    """A schema ready for use, `document` in the form of `schema_parts.plain`.

    References work inside the document only: nothing is ever fetched.
    """

    document: Any
    formats: FormatChecker | None = None
    registry: SchemaRegistry = EMPTY_REGISTRY
    _expressions: Expressions = field(default_factory=Expressions)
    _weights: dict[int, int] = field(default_factory=dict)
    _work: _Work = field(default_factory=lambda: _Work(0, {}))
    _validator: Validator = field(init=False)

    def __post_init__(self) -> None:
        weigh(self.document, self._weights)
        functions = {**Draft202012Validator.VALIDATORS, **keywords(self._search)}
        counted = {name: self._counted(name, one) for name, one in functions.items()}
        validator: Callable[..., Validator] = extend(Draft202012Validator, counted)  # type: ignore[no-untyped-call]
        self._validator = validator(
            self.document, registry=self.registry, format_checker=self.formats
        )

    def check(self, value: Any, limit: int) -> Checked:
        """Everything in a value that the schema does not allow, within this number of steps."""
        self._work = work = _Work(limit, {})
        weigh(value, work.weights)
        errors: list[ValidationError] = []
        more: list[Mismatch] = []
        stopped_at = None
        try:
            errors.extend(self._validator.iter_errors(value))
        except _Exhausted:
            stopped_at = self._where(*work.last)
        except (_Endless, RecursionError):
            more = [TOO_DEEP]
        except Unresolvable as error:  # one that only a part with an `$id` of its own has
            text = f"the schema refers to `{shown(error.ref)}`, which is not in it"
            more = [Mismatch("", text, OWN_REFERENCES)]
        found = tuple(sorted({*words(errors), *more}))
        return Checked(found, work.steps, stopped_at)

    def _search(self, expression: str, text: str) -> bool:
        self._work.take(1 + len(text) * self._expressions.size(expression) // _INSTRUCTIONS)
        return self._expressions.search(expression, text)

    def _counted(self, name: str, function: Keyword) -> Keyword:
        whole, square = name in _WHOLE, name in _SQUARE

        def keyword(
            validator: Validator, said: Any, value: Any, schema: Any
        ) -> Iterator[ValidationError]:
            work = self._work
            work.last = id(schema), name
            size = self._weights.get(id(said), 0) if whole else _length(said)
            size += work.weights.get(id(value)) or _length(value)
            members = len(value) if square and isinstance(value, (dict, list)) else 0
            work.take(1 + (size + members * members) // _CHARACTERS)
            work.depth += 1
            try:
                if work.depth > _MAX_DEPTH:
                    raise _Endless
                for error in function(validator, said, value, schema):
                    work.take(1)  # an error is handed up through every keyword around it
                    yield error
            finally:
                work.depth -= 1

        return keyword

    def _where(self, schema: int, keyword: str) -> str:
        places = (at for at, part, _ in parts(self.document) if id(part) == schema)
        return next(places, "") + pointer(keyword)


def _length(value: Any) -> int:
    return len(value) if isinstance(value, (dict, list, str)) else 0
