"""Schemas that anybody wrote: checking a value takes a counted number of steps at most.

Counted, not timed: the same schema and value give the same result on every machine.
A step is about what one keyword takes, some 10 microseconds.
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

_MAX_DEPTH = 100  # keywords inside each other: more than a value of ten levels can need
_GRANTED = 2000  # steps for a value, and one more for every
_GRANTED_FOR = 4  # of its weight, up to that
_HEAVIEST = 8 * DESIRED_BYTES  # of what a hub takes
_WEIGHT = 256  # to compare or to print as much is one step
_INSTRUCTIONS = 2048  # of a regular expression, each on one character, are one step

# Keywords that compare with or print all that the schema says there.
_WHOLE = frozenset({"const", "enum", "not", "oneOf"})
# Keywords that look at all others around them; their time grows with the square of the members.
_UNEVALUATED = frozenset({"unevaluatedItems", "unevaluatedProperties"})
_REFERENCES = frozenset({"$ref", "$dynamicRef"})


class _Exhausted(Exception):
    """The steps ran out."""


@dataclass(slots=True)
class _Work:
    """What one check has taken so far."""

    limit: int
    weights: dict[int, int]  # of the parts of the value
    steps: int = 0
    depth: int = 0
    members: int = 0  # of the value whose unevaluated members are looked for
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
    _lookup: int = 0  # steps to find a name: `referencing` looks through all parts each time
    _named: bool = False  # whether parts have an `$id`, so that every reference is such a name
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

        Takes as many steps as a value of this size is granted, and those to
        spare. `weights` is what `weigh` gave, where that is known already.
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
        except Unresolvable as error:  # one that only a part with an `$id` of its own has
            text = f"the schema refers to `{shown(error.ref)}`, which is not in it"
            more = [Mismatch("", text, OWN_REFERENCES)]
        mismatches = tuple(sorted({*words(errors), *more}))
        return Checked(mismatches, granted - work.steps, stopped_at)

    def _search(self, expression: str, text: str) -> bool:
        self._work.take(1 + len(text) * self._expressions.size(expression) // _INSTRUCTIONS)
        return self._expressions.search(expression, text)

    def _is_boolean(self, _: Any, value: Any) -> bool:
        """What `jsonschema` asks of each schema where it looks for unevaluated members."""
        self._work.take(1 + self._work.members // 16)
        return isinstance(value, bool)

    def _price(self, name: str, said: Any, value: Any) -> int:
        """The steps that a keyword takes by itself, without those in it."""
        weight = self._weights.get(id(said), 0) if name in _WHOLE else _length(said)
        weight += self._work.weights.get(id(value)) or _length(value)
        if name in _UNEVALUATED:
            weight += _length(value) ** 2
        if name in _REFERENCES and (self._named or not f"{said}/".startswith("#/")):
            return self._lookup + weight // _WEIGHT
        return 1 + weight // _WEIGHT

    def _counted(self, name: str, function: Keyword) -> Keyword:
        def keyword(
            validator: Validator, said: Any, value: Any, schema: Any
        ) -> Iterator[ValidationError]:
            work = self._work
            work.last = id(schema), name
            work.take(self._price(name, said, value))
            if name in _UNEVALUATED:
                work.members = max(work.members, _length(value))
            work.depth += 1
            try:
                if work.depth > _MAX_DEPTH:
                    raise RecursionError
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
