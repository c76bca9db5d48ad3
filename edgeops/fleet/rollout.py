"""Rings: the groups that a release goes through one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from edgeops.jsonvalue import JsonObject

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True)
class Rollout:
    """When a group gets a release, and what its devices must show before the next ring gets it.

    `ring` is its place in the order. At least `min_healthy` percent of the
    devices must have run the release in good health for the `soak` time.
    """

    ring: int
    soak: timedelta
    min_healthy: int


def rollout(spec: JsonObject) -> Rollout:
    """What a valid `Group.spec.rollout` says."""
    soak = spec.get("soak", "24h")
    return Rollout(
        ring=spec["ring"],
        soak=timedelta(**{_UNITS[soak[-1]]: int(soak[:-1])}),
        min_healthy=int(spec.get("minHealthy", "100%").rstrip("%")),
    )
