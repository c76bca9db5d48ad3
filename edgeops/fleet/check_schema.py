"""Checks desired properties of modules against the JSON Schema that their `Module` names."""

from __future__ import annotations

import json
from dataclasses import astuple, dataclass, field
from typing import TYPE_CHECKING, Any

from edgeops import __version__
from edgeops.fleet.memo import Memo
from edgeops.fleet.schema_words import Checked, Mismatch
from edgeops.jsonvalue import JsonObject
from edgeops.stamp import digest

if TYPE_CHECKING:
    from edgeops.fleet.schema_bounded import BoundedSchema

STEPS = 50_000  # of a schema, in addition to those granted for the size of each value


@dataclass(slots=True)
class _Known:
    """The state of one schema: results by the digest of the value, and the remaining steps."""

    results: dict[str, tuple[Mismatch, ...]] = field(default_factory=dict)
    spare: int = STEPS
    compiled: BoundedSchema | None = None
    given_up: bool = False


@dataclass(slots=True)
class SchemaChecker:
    """Validates values, each pair of value and schema once; `memo` keeps results between runs."""

    memo: Memo | None = None
    _schemas: dict[str, _Known] = field(default_factory=dict)

    @property
    def strained(self) -> bool:
        """Whether a schema took more steps than granted, so that its results limit each other."""
        return any(known.given_up or known.spare < STEPS for known in self._schemas.values())

    def mismatches(self, value: JsonObject, schema: Any) -> tuple[Mismatch, ...]:
        """Everything in a value that the schema does not allow, in order of path.

        After a schema took too many steps, which is one mismatch, it is not used again.
        """
        name, of_value = digest(schema), digest(value)
        known = self._schemas.setdefault(name, _Known())
        if of_value not in known.results:
            known.results[of_value] = self._result(known, name, of_value, value, schema)
        return known.results[of_value]

    def _result(
        self, known: _Known, name: str, of_value: str, value: JsonObject, schema: Any
    ) -> tuple[Mismatch, ...]:
        if known.given_up:
            return ()
        key = f"checked/{__version__}/{name}/{of_value}"
        stored = self.memo.get(key) if self.memo is not None else None
        checked = _decode(stored) if stored is not None else None
        # The steps of a stored result count too, so that all runs have the same result.
        if checked is None or known.spare + checked.saved < 0:
            if known.compiled is None:
                from edgeops.fleet.user_schema import compile_user_schema

                known.compiled = compile_user_schema(schema)
            checked = known.compiled.check(value, known.spare)
            if checked.stopped_at is not None:
                known.given_up = True
                return (*checked.mismatches, _too_many_steps(checked.stopped_at))
            if self.memo is not None:
                self.memo.put(key, _encode(checked))
        known.spare += min(checked.saved, 0)
        return checked.mismatches


def _too_many_steps(at: str) -> Mismatch:
    return Mismatch(
        "",
        f"the schema takes too many steps to check this value; it stopped at `{at}`",
        "use fewer references, repetitions and alternatives in it",
    )


def _encode(checked: Checked) -> bytes:
    return json.dumps([checked.saved, list(map(astuple, checked.mismatches))]).encode()


def _decode(stored: bytes) -> Checked:
    saved, mismatches = json.loads(stored)
    return Checked(tuple(Mismatch(*fields) for fields in mismatches), saved)
