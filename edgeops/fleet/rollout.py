"""Rings: the groups that a release goes through one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from edgeops.fleet.model import Problem
from edgeops.twin import JsonObject

if TYPE_CHECKING:
    from edgeops.fleet.kinds import Group
    from edgeops.fleet.named import Named

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


def ring_problems(groups: Iterable[Named[Group]]) -> Iterator[Problem]:
    """Groups that are a ring which another group is already: which goes first would be chance."""
    first: dict[int, Named[Group]] = {}
    for group in sorted(groups, key=lambda one: one.place):
        if group.what.rollout is None:
            continue
        ring = group.what.rollout.ring
        other = first.setdefault(ring, group)
        if other is not group:
            at = "/spec/rollout/ring"
            message = f"ring {ring} is already group `{other.name}`, at {other.document.place(at)}"
            yield Problem(group.document.place(at), at, message, "give one of them another number")
