"""Which models a device used, and what it reported of their quality: small, and on disk. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edgeops.jsonvalue import JsonObject
from edgeops.modules.forecaster.forecast_memory import ForecastKey

_MOST_SECONDS = 1e12  # no time of any clock, and NaN is not below it


@dataclass(frozen=True, slots=True)
class UsedModel:
    """A model of a slot; `pointer` is what the slot said of its files, None if it is not known."""

    slot: str
    key: ForecastKey
    name: str
    version: str
    pointer: JsonObject | None = None


@dataclass(frozen=True, slots=True)
class QualityReport:
    """What is reported of the quality since `at`, in seconds since 1970; empty for nothing."""

    at: int
    value: JsonObject


@dataclass(frozen=True, slots=True)
class LiveState:
    """The model in use and the one before it, `since` when (seconds since 1970), and the report.

    Both forecast the same; so it is empty after a change of the slot or of the series.
    """

    used: UsedModel | None = None
    before: UsedModel | None = None
    since: float = 0.0
    report: QualityReport | None = None

    def now_uses(self, model: UsedModel, now: float) -> LiveState:
        """The state from now on, when this model forecasts."""
        used = self.used
        if used is None or (used.slot, used.key.target) != (model.slot, model.key.target):
            return LiveState(model, since=now)
        if used.key == model.key:
            return LiveState(model, self.before, self.since, self.report)
        return LiveState(model, used, now, self.report)


def state_to_json(state: LiveState) -> JsonObject:
    """The state as a JSON value."""
    return {
        "used": _model_to_json(state.used),
        "before": _model_to_json(state.before),
        "since": state.since,
        "report": state.report and {"at": state.report.at, "value": state.report.value},
    }


def state_from_json(value: Any) -> LiveState:
    """The state in a JSON value; what is not one is an empty one."""
    if not isinstance(value, dict):
        return LiveState()
    used, before = _model(value.get("used")), _model(value.get("before"))
    since, report = value.get("since"), value.get("report")
    if used is None or not isinstance(since, int | float) or not abs(since) < _MOST_SECONDS:
        return LiveState()
    if before is not None and (before.slot, before.key.target) != (used.slot, used.key.target):
        before = None
    match report:
        case {"at": int(at), "value": dict(said)}:
            return LiveState(used, before, since, QualityReport(at, said))
    return LiveState(used, before, since)


def _model_to_json(model: UsedModel | None) -> JsonObject | None:
    if model is None:
        return None
    return {
        "slot": model.slot,
        "sha256": model.key.model,
        "target": model.key.target,
        "name": model.name,
        "version": model.version,
        "pointer": model.pointer,
    }


def _model(value: Any) -> UsedModel | None:
    match value:
        case {
            "slot": str(slot),
            "sha256": str(sha256),
            "target": str(target),
            "name": str(name),
            "version": str(version),
            "pointer": dict() | None as pointer,
        }:
            return UsedModel(slot, ForecastKey(sha256, target), name, version, pointer)
    return None
