"""Untrusted schemas: checking a value takes a limited number of steps.

Steps are counted, not timed, so that a schema and value have the same result on every machine. A
step is about the time that one keyword takes, some 10 microseconds.
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
from edgeops.fleet.schema_words import OWN_REFERENCES, TOO_DEEP, Checked, Mismatch, words
from edgeops.fleet.shown import shown
from edgeops.jsonvalue import pointer
from edgeops.limits import DESIRED_BYTES

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

_MAX_DEPTH = 100  # of nested keywords: more than a value of ten levels can need
_GRANTED = 2000  # steps for a value, and one more for each
_GRANTED_FOR = 4  # units of its weight
_HEAVIEST = 8 * DESIRED_BYTES  # the weight up to which steps are granted
_WEIGHT = 256  # the weight that is compared or printed in one step
_INSTRUCTIONS = 2048  # of a regular expression on one character, in one step

# Keywords that compare with or print their whole value in the schema.
_WHOLE = frozenset({"const", "enum", "not", "oneOf"})
# Keywords that evaluate the others next to them, in time quadratic in the number of members.
_UNEVALUATED = frozenset({"unevaluatedItems", "unevaluatedProperties"})
_REFERENCES = frozenset({"$ref", "$dynamicRef"})


class _Exhausted(Exception):
    """There are no steps left."""


@dataclass(slots=True)
class _Work:
    """The steps and state of one check."""

    limit: int
    weights: dict[int, int]  # of the parts of the value
    steps: int = 0
    depth: int = 0
    members: int = 0  # of the value with unevaluated members
    last: tuple[int, str] = (0, "")  # the schema (its id) and the keyword checked last

    def take(self, steps: int) -> None:
        self.steps += steps
        if self.steps > self.limit:
            raise _Exhausted


@dataclass(slots=True)
class BoundedSchema:
    """A compiled schema; `document` is in the form of `schema_parts.plain`.

    References work inside the document only: nothing is fetched.
    """

    document: Any
    formats: FormatChecker | None = None
    registry: SchemaRegistry = EMPTY_REGISTRY
    _expressions: Expressions = field(default_factory=Expressions)
    _weights: dict[int, int] = field(default_factory=dict)
    _lookup: int = 0  # steps to resolve a reference: `referencing` searches all parts
    _named: bool = False  # whether parts have an `$id`, so that every reference is searched
    _work: _Work = field(default_factory=lambda: _Work(0, {}))
    _validator: Validator = field(init=False)

    def __post_init__(self) -> None:
        weigh(self.document, self._weights)
        schemas = list(parts(self.document))
        self._lookup = len(schemas)
        self._named = any("$id" in part for at, part, _ in schemas if at)
        functions = {**Draft202012Validator.VALIDATORS, **keywords(self._search)}
        counted = {name: self._counted(name, function) for name, function in functions.items()}
        types = Draft202012Validator.TYPE_CHECKER.redefine("boolean", self._is_boolean)
        validator: Callable[..., Validator] = extend(  # type: ignore[no-untyped-call]
            Draft202012Validator, counted, type_checker=types
        )
        self._validator = validator(
            self.document, registry=self.registry, format_checker=self.formats
        )

    def check(self, value: Any, spare: int, weights: dict[int, int] | None = None) -> Checked:
        """Everything in a value that the schema does not allow.

        It may take the steps granted for a value of this size, and the `spare` ones. `weights` is
        the result of `weigh`, if it is known already.
        """
        if weights is None:
            weights = {}
            weigh(value, weights)
        granted = _GRANTED + min(weights.get(id(value), 0), _HEAVIEST) // _GRANTED_FOR
        self._work = work = _Work(granted + spare, weights)
        errors: list[ValidationError] = []
        more: list[Mismatch] = []
        stopped_at = None
        try:
            errors.extend(self._validator.iter_errors(value))
        except _Exhausted:
            stopped_at = self._where(*work.last)
        except RecursionError:
            more = [TOO_DEEP]
        except Unresolvable as error:  # in a part with its own `$id`
            text = f"the schema refers to `{shown(error.ref)}`, which is not in it"
            more = [Mismatch("", text, OWN_REFERENCES)]
        mismatches = tuple(sorted({*words(errors), *more}))
        return Checked(mismatches, granted - work.steps, stopped_at)

    def _search(self, expression: str, text: str) -> bool:
        self._work.take(1 + len(text) * self._expressions.size(expression) // _INSTRUCTIONS)
        return self._expressions.search(expression, text)

    def _is_boolean(self, _: Any, value: Any) -> bool:
        """Counts the schemas that `jsonschema` evaluates to find unevaluated members."""
        self._work.take(1 + self._work.members // 16)
        return isinstance(value, bool)

    def _price(self, name: str, keyword_value: Any, value: Any) -> int:
        """The steps that a keyword takes, without those of the keywords in it."""
        weight = (
            self._weights.get(id(keyword_value), 0) if name in _WHOLE else _length(keyword_value)
        )
        weight += self._work.weights.get(id(value)) or _length(value)
        if name in _UNEVALUATED:
            weight += _length(value) ** 2
        if name in _REFERENCES and (self._named or not f"{keyword_value}/".startswith("#/")):
            return self._lookup + weight // _WEIGHT
        return 1 + weight // _WEIGHT

    def _counted(self, name: str, function: Keyword) -> Keyword:
        def keyword(
            validator: Validator, keyword_value: Any, value: Any, schema: Any
        ) -> Iterator[ValidationError]:
            work = self._work
            work.last = id(schema), name
            work.take(self._price(name, keyword_value, value))
            if name in _UNEVALUATED:
                work.members = max(work.members, _length(value))
            work.depth += 1
            try:
                if work.depth > _MAX_DEPTH:
                    raise RecursionError
                for error in function(validator, keyword_value, value, schema):
                    work.take(1)  # an error passes through every enclosing keyword
                    yield error
            finally:
                work.depth -= 1

        return keyword

    def _where(self, schema: int, keyword: str) -> str:
        places = (at for at, part, _ in parts(self.document) if id(part) == schema)
        return next(places, "") + pointer(keyword)


def _length(value: Any) -> int:
    return len(value) if isinstance(value, (dict, list, str)) else 0
