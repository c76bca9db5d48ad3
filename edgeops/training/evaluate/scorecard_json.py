"""Scorecards as JSON (`schemas/scorecard.schema.json`), with six significant digits."""

from __future__ import annotations

from typing import Any

from edgeops.errors import EdgeOpsError
from edgeops.fleet.manifest import API_VERSION
from edgeops.fleet.schema import compile_schema
from edgeops.jsonvalue import JsonObject
from edgeops.source.schemas import packaged_schema
from edgeops.training.evaluate.scorecard import Scorecard
from edgeops.training.records import json_value, record

_HEAD = {"apiVersion": API_VERSION, "kind": "Scorecard"}
_DIGITS = 6


def to_json(card: Scorecard) -> JsonObject:
    """The scorecard as a JSON value."""
    return {**_HEAD, **json_value(card, _DIGITS)}


def from_json(value: Any) -> Scorecard:
    """The scorecard of a JSON value of `to_json`. Raises `EdgeOpsError` for any other value."""
    mismatches = compile_schema(packaged_schema("scorecard")).mismatches(value)
    if mismatches:
        first = mismatches[0]
        raise EdgeOpsError(
            "the value is not a scorecard of this version of edgeops:"
            f" {first.pointer} {first.message}".replace(":  ", ": "),
            "evaluate the model again",
        )
    return record(Scorecard, {key: item for key, item in value.items() if key not in _HEAD})
