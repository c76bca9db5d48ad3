"""What the forecaster reports and publishes, as JSON values. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import compress, pairwise

from edgeops.features.device_limits import quantile_name
from edgeops.features.known import WEATHER
from edgeops.jsonvalue import JsonObject
from edgeops.modules.forecaster.context import ColumnAhead
from edgeops.modules.forecaster.context_keeper import ContextKeeper
from edgeops.modules.forecaster.desired import ForecasterSettings
from edgeops.modules.forecaster.margins_of_day import Issued
from edgeops.modules.forecaster.metadata import ModelError
from edgeops.modules.forecaster.model import LoadedModel
from edgeops.modules.forecaster.observations import HOUR
from edgeops.modules.forecaster.recorder import Recorder
from edgeops.modules.forecaster.windows import Window

_MOST_COLUMNS = 32  # a twin has little room


class ForecasterState(StrEnum):
    """Whether there are forecasts."""

    READY = "Ready"
    WARMING = "Warming"
    NO_MODEL = "NoModel"
    ERROR = "Error"


@dataclass(frozen=True, slots=True)
class ForecasterStatus:
    """The state of the forecaster and why; `since` is in seconds since 1970."""

    state: ForecasterState
    reason: str | None
    error: ModelError | None
    since: float


def iso(seconds: float) -> str:
    """The time as ISO 8601 in UTC, to the second."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def reported(
    settings: ForecasterSettings,
    model: LoadedModel | None,
    status: ForecasterStatus,
    in_error: str | None,
    recorder: Recorder,
    latency: float | None,
    window: Window | None = None,
    context: JsonObject | None = None,
    quality: JsonObject | None = None,
) -> JsonObject:
    """The reported properties; `latency` is in seconds. What there is not is left out.

    `window` is that of the last forecast. An error is of the model with the digest
    `in_error`, which need not be the one in use.
    """
    error = status.error
    in_use = {
        "slot": settings.slot,
        "name": model.name if model else None,
        "version": model.version if model else None,
        "sha256": model.sha256 if model else None,
        "state": status.state.value,
        "reason": status.reason,
        "error": _without_none({"code": error.code, "message": error.message, "sha256": in_error})
        if error
        else None,
        "latencyMs": None if latency is None else round(latency * 1000, 3),
        "since": iso(status.since),
    }
    history = {
        "hours": len(recorder.history),
        "refused": recorder.refused,
        "refusedBy": dict(recorder.refused_by),
        "lastFault": recorder.fault,
        **(_observed(window) if window else {}),
    }
    return {
        "model": _without_none(in_use),
        "history": _without_none(history),
        "warnings": list(settings.warnings),
        **({"context": context} if context else {}),
        **({"quality": quality} if quality else {}),
    }


def context_reported(
    keeper: ContextKeeper, columns: Sequence[ColumnAhead], now: float
) -> JsonObject | None:
    """What the reported properties say of the context; None where there is nothing to say.

    `now` is when the newest forecast was made, to which `columns` belong.
    """
    value = _without_none(
        {
            "columns": columns_ahead(columns) or None,
            "message": context_message(columns, now),
            "refused": keeper.refused or None,
            "lastFault": keeper.storage_fault or keeper.fault,
            "slots": list(keeper.slot_faults) or None,
        }
    )
    return value or None


def columns_ahead(columns: Sequence[ColumnAhead]) -> list[JsonObject]:
    """How much of each column is known, as telemetry and reported properties say it."""
    return [
        _without_none(
            {
                "column": column.column,
                "state": _state_of(column),
                "hours": column.hours,
                "of": column.of,
                "issued": None if column.issued is None else iso(column.issued),
            }
        )
        for column in columns[:_MOST_COLUMNS]
    ]


def context_message(columns: Sequence[ColumnAhead], now: float) -> str | None:
    """How old the context is, and what is missing; None if it is all there and new."""
    issued = [
        column.issued
        for column in columns
        if column.issued is not None and column.column.startswith(WEATHER)
    ]  # of a calendar, age says nothing
    age = int((now - min(issued)) // HOUR) if issued else 0
    parts = [f"context is {age} h old"] if age >= 1 else []
    for column in columns[:_MOST_COLUMNS]:
        if not column.hours:
            parts.append(f"no context for {column.column}" + (" ahead" if column.ever else ""))
        elif column.hours < column.of:
            known = f"{column.hours} of {column.of} hours ahead"
            parts.append(f"{column.column} is known for {known}")
    return "; ".join(parts) or None


def missing_context(columns: Sequence[ColumnAhead], now: float) -> str | None:
    """Why a forecast is made without all context; None if it has all."""
    if all(column.hours == column.of for column in columns):
        return None
    return context_message(columns, now)


def _state_of(column: ColumnAhead) -> str:
    if column.hours == column.of:
        return "fresh"
    return "stale" if column.ever else "missing"


def _observed(window: Window) -> JsonObject:
    """Which hours a forecast rests on."""
    return {
        "observedFrom": iso(window.observed_from * HOUR + window.phase),
        "observedUntil": iso(window.starts[0]),
        "missingHours": window.missing,
    }


def _without_none(value: JsonObject) -> JsonObject:
    return {key: item for key, item in value.items() if item is not None}


def telemetry(model: LoadedModel, window: Window, issued: Issued, now: float) -> JsonObject:
    """One forecast: when each step begins, and the values of each quantile.

    A step lasts until the next one begins, which is `intervalHours` on the
    clock of the site: where that is set back it is an hour more. A step that
    the clock skips is left out. Values are given to six digits, in the `unit` that
    the model names, if it names one. It rests on the hours from `observedFrom` to
    `observedUntil`, of which `missingHours` lack the value of any series and were
    filled. `interval` says from where the margins are that keep it at its coverage.
    """
    happens = [end > start for start, end in pairwise(window.starts)]
    metadata, interval = model.metadata, model.window_maker.interval
    coverage, source = metadata.judging.coverage, "device" if issued.of_device else "release"
    context = {"context": columns_ahead(window.context)} if window.context else {}
    return {
        "slot": model.slot,
        "model": model.name,
        "version": model.version,
        "sha256": model.sha256,
        "issuedAt": iso(now),
        **_observed(window),
        "firstHour": iso(window.starts[0]),
        "intervalHours": interval,
        "horizonHours": interval * metadata.horizon,
        **({"unit": metadata.unit} if metadata.unit else {}),
        "starts": [iso(start) for start in compress(window.starts, happens)],
        "quantiles": {
            quantile_name(share): [float(f"{value:.6g}") for value in compress(values, happens)]
            for share, values in zip(metadata.shares, issued.values.T.tolist(), strict=True)
        },
        **({} if coverage is None else {"interval": {"coverage": coverage, "from": source}}),
        **context,
    }
