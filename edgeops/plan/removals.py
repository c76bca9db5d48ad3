"""What `--prune` deletes from a hub: the devices of a fleet that git does not have there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from edgeops.fleet.model import DesiredFleet
from edgeops.plan.budget import over_budget
from edgeops.plan.device import plan_removal
from edgeops.plan.model import Blocked, Change, PlanOptions, Refusal
from edgeops.plan.ownership import Owner
from edgeops.plan.targets import Labels, matches
from edgeops.stamp import decode
from edgeops.twin import LiveDevice


@dataclass(frozen=True, slots=True)
class Removals:
    """The devices to delete, those that are kept, notes about others, and why none may go."""

    changes: tuple[Change, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()
    blocked: Blocked | None = None


def removals(
    fleet: DesiredFleet,
    live: Mapping[str, LiveDevice],
    options: PlanOptions,
    managed: Collection[str],
    labels: Labels,
    managed_in_all: int | None = None,
) -> Removals:
    """The deletions of those `managed` devices that git does not have on this hub.

    `labels` are those that they had when they were written last, as far as they are known. They are
    `blocked` if they are too many of the devices that this fleet provably wrote, or is known to
    manage in all.
    """
    gone = gone_from_git(fleet, live, managed)
    if options.only is not None:
        gone = [name for name in gone if name in options.only]
    chosen = [name for name in gone if matches(name, labels.get(name, {}), options.targets)]
    planned = [removal for name in chosen if (removal := _removal(live[name], fleet)) is not None]
    changes = tuple(removal for removal in planned if isinstance(removal, Change))
    owner = Owner(fleet.name, fleet.uid)
    owned = [n for n in managed if n in live and owner.proves(decode(live[n].twin.tags), n)]
    in_all = len(owned) if managed_in_all is None else managed_in_all
    refusals = tuple(removal for removal in planned if isinstance(removal, Refusal))
    unknown = [name for name in gone if name not in chosen and name not in labels]
    by_label = any("=" in target for target in options.targets)
    return Removals(
        changes,
        refusals,
        notes=tuple(_notes(unknown if by_label else [])),
        blocked=over_budget(fleet, deletions=len(changes), managed=in_all),
    )


def gone_from_git(
    fleet: DesiredFleet, live: Mapping[str, LiveDevice], managed: Collection[str]
) -> list[str]:
    """The managed devices that are on the hub, but not there in git, sorted."""
    return sorted((set(managed) - fleet.devices.keys()) & live.keys())


def _removal(live: LiveDevice, fleet: DesiredFleet) -> Change | Refusal | None:
    hubs = fleet.elsewhere.get(live.twin.device, ())
    return plan_removal(live, fleet=fleet.name, uid=fleet.uid, hubs=hubs)


def _notes(unknown: Collection[str]) -> Iterator[str]:
    if unknown:
        devices = "1 device" if len(unknown) == 1 else f"{len(unknown):,} devices"
        yield (
            f"{devices} that git no longer has may have had such labels, and stay:"
            " the commit of the last sync is not in this clone; name devices to delete them"
        )
