"""Is the order of the rings clear?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from edgeops.fleet.kinds import Group
from edgeops.fleet.model import Problem
from edgeops.fleet.named import Named


def ring_problems(groups: Iterable[Named[Group]]) -> Iterator[Problem]:
    """Groups that are a ring which another group is already: which goes first would be chance."""
    first: dict[int, Named[Group]] = {}
    for group in sorted(groups, key=lambda group: group.place):
        if group.spec.rollout is None:
            continue
        ring = group.spec.rollout.ring
        other = first.setdefault(ring, group)
        if other is not group:
            at = "/spec/rollout/ring"
            message = f"ring {ring} is already group `{other.name}`, at {other.document.place(at)}"
            yield Problem(group.document.place(at), at, message, "give one of them another number")
