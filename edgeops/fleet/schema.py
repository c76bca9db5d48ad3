"""The JSON Schemas (2020-12) that come with edgeops, compiled.

For the schemas of a fleet see `user_schema`. `jsonschema` is imported on the first compile only,
since that takes long.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

from edgeops.fleet.schema_quick import Check, compile_quick, strict_end
from edgeops.fleet.schema_words import Mismatch, words

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

_MOST = 1000


@dataclass(frozen=True)
class Schema:
    """A schema with what checks it, compiled when it is first used; made by `compile_schema`."""

    document: Any

    def allows(self, value: Any) -> bool:
        """Whether a JSON value surely has no mismatches, found fast."""
        return self._quick is not None and self._quick(value)

    def mismatches(self, value: Any) -> tuple[Mismatch, ...]:
        """Everything in a JSON value that the schema does not allow, sorted.

        Of more than a thousand mismatches, the first ones and one that says so.
        """
        if self.allows(value):
            return ()
        errors = list(islice(self._validator.iter_errors(value), _MOST + 1))
        mismatches = {*words(errors[:_MOST])}
        if len(errors) > _MOST:
            mismatches.add(Mismatch("", f"has more than {_MOST:,} problems; only some are listed"))
        return tuple(sorted(mismatches))

    @cached_property
    def _quick(self) -> Check | None:
        return compile_quick(self.document)

    @cached_property
    def _validator(self) -> Validator:
        from referencing.jsonschema import EMPTY_REGISTRY

        return _validator_class()(self.document, registry=EMPTY_REGISTRY)


def compile_schema(document: Any) -> Schema:
    """The compiled schema. References work inside the document only: nothing is fetched."""
    return Schema(document)


@cache
def _validator_class() -> type[Validator]:
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    from edgeops.fleet.schema_keywords import keywords

    strict: type[Validator] = extend(  # type: ignore[no-untyped-call]
        Draft202012Validator, keywords(_search)
    )
    return strict


def _search(expression: str, text: str) -> object:
    return re.search(strict_end(expression), text)
