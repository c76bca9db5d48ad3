"""What `--prune` deletes from a hub: the devices of a fleet that git does not have there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from edgeops.fleet.hubs import among
from edgeops.fleet.model import DesiredDevice, DesiredFleet
from edgeops.plan.budget import over_budget
from edgeops.plan.model import Action, Blocked, Change, PlanOptions, Reason, Refusal
from edgeops.plan.overlap import not_foreign
from edgeops.plan.ownership import Owner
from edgeops.plan.stamping import MODULES, owned_in
from edgeops.plan.targets import Labels, matches
from edgeops.stamp import Stamp, commit_in, decode
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
    owner: Owner,
    managed_in_all: int | None = None,
    agreed: Mapping[str, str | None] = MappingProxyType({}),
) -> Removals:
    """The deletions of those `managed` devices that git does not have on this hub.

    `labels` are those that they had when they were written last, as far as they are known. They are
    `blocked` if they are too many of the devices that the owner provably wrote, from commits that
    it knows, or is known to manage in all; `agreed` are devices that it wrote, with the commits.
    """
    gone = gone_from_git(fleet, live, managed)
    if options.only is not None:
        gone = [name for name in gone if name in options.only]
    chosen = [name for name in gone if matches(name, labels.get(name, {}), options.targets)]
    planned = [
        removal
        for name in chosen
        if (
            removal := plan_removal(
                live[name],
                owner,
                hubs=fleet.elsewhere.get(name, ()),
                paused=name in fleet.paused_elsewhere,
            )
        )
    ]
    changes = tuple(removal for removal in planned if isinstance(removal, Change))
    if managed_in_all is None:
        managed_in_all = _written(live, managed, owner, agreed) if changes else 0
    refusals = tuple(removal for removal in planned if isinstance(removal, Refusal))
    unknown = [name for name in gone if name not in chosen and name not in labels]
    by_label = any("=" in target for target in options.targets)
    return Removals(
        changes,
        refusals,
        notes=tuple(_notes(unknown if by_label else [])),
        blocked=over_budget(fleet, deletions=len(changes), managed=managed_in_all),
    )


def _written(
    live: Mapping[str, LiveDevice],
    managed: Collection[str],
    owner: Owner,
    agreed: Mapping[str, str | None],
) -> int:
    """How many devices the owner provably wrote, from commits that it knows."""
    stamps = ((name, decode(live[name].twin.tags)) for name in managed if name in live)
    proven = sum(owner.proves(stamp, name) and owner.knows(stamp) for name, stamp in stamps)
    commits = (agreed[name] for name in managed if name in agreed)
    return proven + sum(owner.known is None or commit in owner.known for commit in commits)


def gone_from_git(
    fleet: DesiredFleet, live: Mapping[str, LiveDevice], managed: Collection[str]
) -> list[str]:
    """The managed devices that are on the hub, but not there in git, sorted."""
    return sorted((set(managed) - fleet.devices.keys()) & live.keys())


def plan_removal(
    live: LiveDevice, owner: Owner, *, hubs: tuple[str, ...] = (), paused: bool = False
) -> Change | Refusal | None:
    """The deletion of a device that git does not have on this hub; None if not of this fleet.

    `hubs` are those that git binds it to; it may be `paused` there. It stays if it was
    last written from a commit that the owner does not know.
    """
    device, stamp = live.twin.device, decode(live.twin.tags)
    if stamp is None or owner.foreign(stamp, device) is not None:
        return None
    where = f"bound to {among(hubs)} in git" if hubs else "no longer in git"
    if not owner.proves(stamp, device):
        return Refusal(
            device,
            f"is {where}, and its stamp is older than the uid of the Fleet: another"
            " repository may have written it",
            "`edgeops forget` it, delete it by hand, or sync it once while git has it",
        )
    if not owner.knows(stamp):
        why, hint = owner.unknown(stamp)
        return Refusal(device, f"is {where}, but {why}: it is not deleted", hint)
    if stamp.protect:
        return Refusal(
            device,
            f"is protected and {where}",
            "`edgeops forget` lets go of it; to delete it, sync it once with `protect: false`",
        )
    if paused:
        return Refusal(
            device,
            f"is paused in git, and {where}: it is not deleted here",
            "take `paused` out of git once it may go",
        )
    reason = Reason.MOVED if hubs else Reason.REMOVED
    return Change(device, Action.DELETE_DEVICE, reason, etag=live.twin.etag, moved_to=hubs)


def gone_modules(device: DesiredDevice, stamp: Stamp | None) -> list[str]:
    """The module identities that edgeops created and git no longer has, without ignored ones."""
    owned = not_foreign(owned_in(stamp, MODULES, {}), device.ignored.get(MODULES))
    return sorted({path[0] for path in owned} - device.modules.keys())


def kept_modules(device: DesiredDevice, live: LiveDevice, owner: Owner) -> Refusal | None:
    """Why no module identity of a device in git is deleted; None if that is not known of any."""
    if owner.known is None or commit_in(live.twin.tags) in owner.known:
        return None  # of nearly every device: without decoding its stamp
    stamp = decode(live.twin.tags)
    gone = gone_modules(device, stamp)
    if stamp is None or not gone:
        return None
    why, hint = owner.unknown(stamp)
    modules = f"its module {gone[0]} stays" if len(gone) == 1 else f"{len(gone)} modules stay"
    return Refusal(device.name, f"{why}, so {modules}, which git no longer has", hint, partly=True)


def _notes(unknown: Collection[str]) -> Iterator[str]:
    if unknown:
        devices = "1 device" if len(unknown) == 1 else f"{len(unknown):,} devices"
        yield (
            f"{devices} that git no longer has may have had such labels, and stay:"
            " the commit of the last sync is not in this clone; name devices to delete them"
        )
