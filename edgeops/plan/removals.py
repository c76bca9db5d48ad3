"""What `--prune` deletes from a hub: the devices of a fleet that git does not have there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from edgeops.errors import Refused
from edgeops.fleet.model import DesiredFleet
from edgeops.plan.device import plan_removal
from edgeops.plan.model import Change, PlanOptions, Refusal
from edgeops.plan.targets import Labels, matches
from edgeops.twin import LiveDevice


@dataclass(frozen=True, slots=True)
class Removals:
    """The devices to delete, those that are protected, and notes about others."""

    changes: tuple[Change, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()


def removals(
    fleet: DesiredFleet,
    live: Mapping[str, LiveDevice],
    options: PlanOptions,
    managed: Collection[str],
    labels: Labels,
) -> Removals:
    """The deletions of those `managed` devices that git does not have on this hub.

    `labels` are those that they had when they were written last, as far as they are known. Raises
    `Refused` when it would delete too many.
    """
    if not fleet.devices:
        raise Refused(
            "git has no device on this hub, so --prune would delete every device that it manages",
            "check the revision; if this is intended, delete the last devices by hand",
        )
    gone = gone_from_git(fleet, live, managed)
    if options.only is not None:
        gone = [name for name in gone if name in options.only]
    chosen = [name for name in gone if matches(name, labels.get(name, {}), options.targets)]
    planned = [
        removal
        for name in chosen
        if (removal := plan_removal(live[name], fleet.name, fleet.elsewhere.get(name, ())))
    ]
    changes = tuple(removal for removal in planned if isinstance(removal, Change))
    _check_number(len(changes), len(managed), fleet.max_deletes)
    refusals = tuple(removal for removal in planned if isinstance(removal, Refusal))
    unknown = [name for name in gone if name not in chosen and name not in labels]
    by_label = any("=" in target for target in options.targets)
    return Removals(changes, refusals, tuple(_notes(unknown if by_label else [])))


def gone_from_git(
    fleet: DesiredFleet, live: Mapping[str, LiveDevice], managed: Collection[str]
) -> list[str]:
    """The managed devices that are on the hub, but not there in git, sorted."""
    return sorted((set(managed) - fleet.devices.keys()) & live.keys())


def _notes(unknown: Collection[str]) -> Iterator[str]:
    if unknown:
        devices = "1 device" if len(unknown) == 1 else f"{len(unknown):,} devices"
        yield (
            f"{devices} that git no longer has may have had such labels, and stay:"
            " the commit of the last sync is not in this clone; name devices to delete them"
        )


def _check_number(deletions: int, managed: int, max_deletes: str | int) -> None:
    """Raise `Refused` for more deletions than allowed.

    A percentage rounds up, so that a small fleet can lose one.
    """
    if isinstance(max_deletes, int):
        allowed = max_deletes
    else:
        allowed = -(-managed * int(max_deletes.removesuffix("%")) // 100)
    if deletions > allowed:
        raise Refused(
            f"--prune would delete {deletions} of {managed} managed devices;"
            f" limits.maxDeletes ({max_deletes}) allows {allowed}",
            "nothing was written; check the revision, or raise limits.maxDeletes in the Fleet",
        )
