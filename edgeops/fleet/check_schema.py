"""A module's desired properties against the JSON Schema that its `Module` names."""

from __future__ import annotations

import json
from dataclasses import astuple, dataclass, field
from typing import Any

from edgeops import __version__
from edgeops.fleet.memo import Memo
from edgeops.fleet.schema import Schema, compile_schema
from edgeops.fleet.schema_words import Mismatch
from edgeops.stamp import digest
from edgeops.twin import JsonObject


@dataclass(slots=True)
class SchemaChecker:
    """Validates values, each pair of value and schema once; `memo` keeps results between runs."""

    memo: Memo | None = None
    _known: dict[str, tuple[Mismatch, ...]] = field(default_factory=dict)
    _compiled: dict[str, Schema] = field(default_factory=dict)

    def mismatches(self, value: JsonObject, schema: Any) -> tuple[Mismatch, ...]:
        """What the schema does not allow in a value, in order of path; empty when it is valid."""
        name = digest(schema)
        key = f"desired/{__version__}/{name}/{digest(value)}"
        if key not in self._known:
            stored = self.memo.get(key) if self.memo is not None else None
            if stored is None:
                self._known[key] = self._validate(value, schema, name)
                if self.memo is not None:
                    self.memo.put(key, json.dumps(list(map(astuple, self._known[key]))).encode())
            else:
                self._known[key] = tuple(Mismatch(*fields) for fields in json.loads(stored))
        return self._known[key]

    def _validate(self, value: JsonObject, schema: Any, name: str) -> tuple[Mismatch, ...]:
        if name not in self._compiled:
            self._compiled[name] = compile_schema(schema)
        return self._compiled[name].mismatches(value)
