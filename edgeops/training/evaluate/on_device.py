"""The gate that is the device: how far the forecasts of the modules' own code are from these."""

from __future__ import annotations

from dataclasses import dataclass, replace

from edgeops.jsonvalue import JsonObject
from edgeops.training.evaluate.gates import DEVICE, LIMIT, bounds, verdicts
from edgeops.training.evaluate.scorecard import Scorecard, Verdict


@dataclass(frozen=True, slots=True)
class OnDevice:
    """The `forecasts` that a device made, and their largest relative `difference` from these.

    It is None where a device makes no forecast. `reason` says why, or where it is.
    """

    forecasts: int
    difference: float | None
    reason: str = ""


def with_device(card: Scorecard, gates: JsonObject, device: OnDevice) -> Scorecard:
    """The scorecard with the metric `device_difference` and its gate, also where `gates` lacks it.

    No gate of model.yaml allows more than that of every model.
    """
    metrics = dict(card.metrics)
    if device.difference is not None:
        metrics[DEVICE] = device.difference
    low, high = bounds(gates.get(DEVICE, {}))
    judged = verdicts({**gates, DEVICE: {"min": low, "max": min(high, LIMIT)}}, metrics)
    return replace(
        card,
        metrics=metrics,
        gates=tuple(_told(each, device) if each.gate == DEVICE else each for each in judged),
    )


def _told(verdict: Verdict, device: OnDevice) -> Verdict:
    if verdict.passed:
        made = f"{device.forecasts} forecasts" if device.forecasts != 1 else "1 forecast"
        return replace(verdict, reason=f"{verdict.reason}: {made} of the modules' own code")
    return replace(verdict, reason=f"{verdict.reason}: {device.reason}")
