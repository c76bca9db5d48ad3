"""What a model says of itself: the custom metadata of its ONNX file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edgeops.errors import EdgeOpsError
from edgeops.features.device_limits import (
    HOURS_KEPT,
    MAX_HORIZON,
    MAX_INPUTS,
    MAX_QUANTILES,
    quantiles_fault,
    unit_fault,
)
from edgeops.quality.judging import ALL, Judging, from_json

_MEDIAN = 0.5


class ModelError(Exception):
    """A model cannot be used: a short code, and a sentence for the reported properties."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def bad_metadata(what: str) -> ModelError:
    """The error of a model whose metadata is wrong."""
    return ModelError("BadMetadata", f"in the model's metadata, {what}")


@dataclass(frozen=True, slots=True)
class ModelMetadata:
    """What the model takes and gives.

    It takes a window of `window_steps` steps with the columns `inputs`; `window`
    names the kind, `window_spec` has the rest that the kind needs. It gives the
    `horizon` steps after the window, each with the `quantiles`. What it gives
    is the `output`: a `value`, or a `ratio` r that means max(scale * r - 1, 0) in
    the unit of the window, with its scale. `unit` is the name of that for people, if
    it has one. `judging` says how its forecasts are judged, and its interval kept.
    """

    inputs: tuple[str, ...]
    window_steps: int
    horizon: int
    quantiles: tuple[float, ...] = (0.5,)
    window: str = "raw"
    output: str = "value"
    window_spec: Any = None
    unit: str = ""
    judging: Judging = ALL

    @property
    def shares(self) -> tuple[float, ...]:
        """The quantiles in ascending order."""
        return tuple(sorted(self.quantiles))

    @property
    def median(self) -> int | None:
        """Where the median is among the `shares`; None for a model without one."""
        return self.shares.index(_MEDIAN) if _MEDIAN in self.quantiles else None

    @property
    def has_interval(self) -> bool:
        """Whether there are quantiles on both sides of the median."""
        return self.median is not None and self.shares[0] < _MEDIAN < self.shares[-1]


def parse_metadata(custom: Mapping[str, str]) -> ModelMetadata:
    """The metadata in ONNX custom properties, each value but names of kinds as JSON text.

    Other properties are for people and do not matter. Raises `ModelError` with
    the code `BadMetadata`.
    """
    inputs = _value(custom, "inputs")
    if not _is_list(inputs, str, MAX_INPUTS) or len(set(inputs)) != len(inputs):
        raise bad_metadata("inputs must be a list of names")
    quantiles = _value(custom, "quantiles", "[0.5]")
    if not _is_list(quantiles, float, MAX_QUANTILES):
        raise bad_metadata("quantiles must be a list of numbers between 0 and 1")
    if fault := quantiles_fault(quantiles):
        raise bad_metadata(fault)
    output = custom.get("output", "value")
    if output not in ("value", "ratio"):
        raise bad_metadata("output must be value or ratio")
    metadata = ModelMetadata(
        inputs=tuple(inputs),
        window_steps=_whole(custom, "window_steps", HOURS_KEPT),
        horizon=_whole(custom, "horizon", MAX_HORIZON),
        quantiles=tuple(quantiles),
        window=custom.get("window", "raw"),
        output=output,
        window_spec=_value(custom, "window_spec", "null"),
        unit=_unit(custom),
        judging=_judging(custom),
    )
    if metadata.judging.coverage is not None and not metadata.has_interval:
        raise bad_metadata("judging needs quantiles on both sides of the median")
    return metadata


def _unit(custom: Mapping[str, str]) -> str:
    unit = _value(custom, "unit", '""')
    if type(unit) is not str:
        raise bad_metadata("unit must be a text")
    if fault := unit_fault(unit):
        raise bad_metadata(fault)
    return unit


def _judging(custom: Mapping[str, str]) -> Judging:
    try:
        return from_json(_value(custom, "judging", "{}"))
    except EdgeOpsError as error:
        raise bad_metadata(error.message) from error


def _value(custom: Mapping[str, str], key: str, default: str | None = None) -> Any:
    text = custom.get(key, default)
    if text is None:
        raise bad_metadata(f"{key} is missing")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise bad_metadata(f"{key} is not JSON") from error


def _whole(custom: Mapping[str, str], key: str, most: int) -> int:
    value = _value(custom, key)
    if type(value) is not int or not 1 <= value <= most:
        raise bad_metadata(f"{key} must be a whole number from 1 to {most}")
    return value


def _is_list(value: Any, kind: type, most: int) -> bool:
    return (
        isinstance(value, list)
        and 1 <= len(value) <= most
        and all(type(item) is kind for item in value)
    )
