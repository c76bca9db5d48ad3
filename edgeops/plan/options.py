"""What a plan covers, as the command line asked for it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What a plan covers.

    `targets` are device names or `label=value`; empty means every device.
    `prune` deletes what this fleet manages and git no longer has, `create`
    makes missing identities, `only` limits the plan to these device names,
    `drift_only` to devices on which nothing waits but what others changed on the hub.
    """

    targets: tuple[str, ...] = ()
    prune: bool = False
    create: bool = False
    only: frozenset[str] | None = None
    drift_only: bool = False
