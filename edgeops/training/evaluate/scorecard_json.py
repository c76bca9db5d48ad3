"""Scorecards as JSON, with six significant digits."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from edgeops.errors import EdgeOpsError
from edgeops.jsonvalue import JsonObject
from edgeops.training.evaluate.scorecard import (
    Comparison,
    Judged,
    Part,
    Score,
    Scorecard,
    Verdict,
)

API_VERSION, KIND = "edgeops/v1", "Scorecard"
_DIGITS = 6


def to_json(card: Scorecard) -> JsonObject:
    """The scorecard as a JSON value."""
    value: JsonObject = _rounded(asdict(card))
    return {"apiVersion": API_VERSION, "kind": KIND, **value}


def from_json(value: Any) -> Scorecard:
    """The scorecard in what `to_json` gave. Raises `EdgeOpsError` for anything else."""
    try:
        if (value["apiVersion"], value["kind"]) != (API_VERSION, KIND):
            raise KeyError("kind")
        return Scorecard(
            value["model"],
            tuple(value["series"]),
            value["interval"],
            tuple(value["quantiles"]),
            {name: _part(part) for name, part in value["parts"].items()},
            {
                series: {name: _score(score) for name, score in by_name.items()}
                for series, by_name in value["per_series"].items()
            },
            value["metrics"],
            tuple(Verdict(**one) for one in value["gates"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise EdgeOpsError(
            "this is not a scorecard that this version of edgeops wrote", "evaluate the model again"
        ) from error


def _part(value: Mapping[str, Any]) -> Part:
    return Part(
        value["first"],
        value["last"],
        value["origins"],
        {name: _judged(one) for name, one in value["models"].items()},
        tuple(
            Comparison(**_numbers(one, ("difference", "low", "high")))
            for one in value["comparisons"]
        ),
    )


def _judged(value: Mapping[str, Any]) -> Judged:
    return Judged(
        {name: _score(one) for name, one in value["slices"].items()},
        tuple(map(_score, value["by_horizon"])),
        tuple(None if one is None else _score(one) for one in value["by_hour"]),
        tuple(map(tuple, value["mape_by_hour_and_horizon"])),
    )


def _score(value: Mapping[str, Any]) -> Score:
    return Score(**_numbers(value, ("wape", "mae", "mase", "smape", "mape")))


def _numbers(value: Mapping[str, Any], names: Sequence[str]) -> JsonObject:
    """The value with NaN again where JSON has null, since it has no NaN."""
    return {**value, **{name: math.nan for name in names if value[name] is None}}


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return value
