"""What the forecaster reports and publishes, as JSON values. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import compress, pairwise

from edgeops.jsonvalue import JsonObject
from edgeops.modules.forecaster.desired import ForecasterSettings
from edgeops.modules.forecaster.metadata import ModelError
from edgeops.modules.forecaster.model import LoadedModel
from edgeops.modules.forecaster.observations import HOUR
from edgeops.modules.forecaster.recorder import Recorder
from edgeops.modules.forecaster.windows import Window


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
) -> JsonObject:
    """The reported properties; `latency` is in seconds. What there is not is left out.

    An error is of the model with the digest `in_error`, which need not be the one in use.
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
        "lastFault": recorder.fault,
    }
    return {
        "model": _without_none(in_use),
        "history": _without_none(history),
        "warnings": list(settings.warnings),
    }


def _without_none(value: JsonObject) -> JsonObject:
    return {key: item for key, item in value.items() if item is not None}


def telemetry(
    model: LoadedModel, window: Window, quantiles: Mapping[str, Sequence[float]], now: float
) -> JsonObject:
    """One forecast: when each step begins, and the values of each quantile.

    A step lasts until the next one begins, which is `intervalHours` on the
    clock of the site: where that is set back it is an hour more. A step that
    the clock skips is left out. Values are given to six digits, in the `unit` that
    the model names, if it names one.
    """
    happens = [end > start for start, end in pairwise(window.hours)]
    interval = model.window_maker.interval
    return {
        "slot": model.slot,
        "model": model.name,
        "version": model.version,
        "sha256": model.sha256,
        "issuedAt": iso(now),
        "firstHour": iso(window.hours[0] * HOUR),
        "intervalHours": interval,
        "horizonHours": interval * model.metadata.horizon,
        **({"unit": model.metadata.unit} if model.metadata.unit else {}),
        "starts": [iso(hour * HOUR) for hour in compress(window.hours, happens)],
        "quantiles": {
            share: [float(f"{value:.6g}") for value in compress(values, happens)]
            for share, values in quantiles.items()
        },
    }
