"""The JSON Schemas of kinds of manifests, each compiled when something is checked against it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from edgeops.jsonvalue import JsonObject

if TYPE_CHECKING:
    from edgeops.fleet.schema import Schema


@dataclass(frozen=True)
class KindSchemas:
    """The JSON Schema of each kind of manifest; compiled when first used."""

    documents: Mapping[str, JsonObject]
    _compiled: dict[str, Schema] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over all schemas, hexadecimal: cached results depend on it."""
        text = json.dumps(self.documents, sort_keys=True, default=dict)
        return hashlib.sha256(text.encode()).hexdigest()

    def of(self, kind: str) -> Schema:
        """The compiled schema of a kind. Raises `KeyError`."""
        from edgeops.fleet.schema import compile_schema  # a run that parses nothing needs no schema

        if kind not in self._compiled:
            self._compiled[kind] = compile_schema(self.documents[kind])
        return self._compiled[kind]
