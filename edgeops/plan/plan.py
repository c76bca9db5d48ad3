"""The plan of a fleet: every change that makes a hub agree with git."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType

from edgeops.fleet.model import DesiredDevice, DesiredFleet, HubTarget
from edgeops.limits import Operation, rate
from edgeops.plan.device import awaited_modules, plan_device
from edgeops.plan.identity import without_parent_among
from edgeops.plan.model import Action, Change, Paused, Plan, PlanOptions, Reason, Refusal
from edgeops.plan.ownership import Owner
from edgeops.plan.removals import Removals, gone_from_git, kept_modules, removals
from edgeops.plan.renamed import rename_notes
from edgeops.plan.secrets import NotCompared
from edgeops.plan.targets import Labels, check_targets, covered
from edgeops.plan.uploads import uploads
from edgeops.stamp import digest
from edgeops.twin import LiveDevice, Twin

_TWIN_WRITES = {Action.PATCH_DEVICE, Action.PATCH_MODULE, Action.STAMP_DEVICE}
_NOTHING = LiveDevice(Twin(""))


def make_plan(
    fleet: DesiredFleet,
    live: Mapping[str, LiveDevice],
    *,
    hub: HubTarget,
    options: PlanOptions,
    managed: Collection[str],
    managed_in_all: int | None = None,
    created_at: str,
    labels: Labels = MappingProxyType({}),
    overlaps: Iterable[Refusal] = (),
    notes: Iterable[str] = (),
    known: frozenset[str] | None = None,
    agreed: Mapping[str, str | None] = MappingProxyType({}),
) -> Plan:
    """The plan that makes the hub agree with the fleet.

    `managed` are the ids of the devices stamped by this fleet, or only some of them, if it is known
    how many there are, `managed_in_all`. `live` has the devices to plan that
    are on the hub (with the modules that `plan_device` needs) and, to prune, those of `managed`
    that git no longer has there; `labels` are those that these had, as far as they are known.
    `overlaps` are the paths that `without_overlaps` took from the devices of the fleet, `notes`
    more of what the plan does not cover. `created_at` is ISO 8601. What was last written from a
    commit that is not among the `known` is not deleted; None if all are known. `agreed` are devices
    on the hub that agree with git and are not in `live`, as in `Agreed`. The plan is `blocked` if
    pruning would delete too many devices. Raises `UsageError` for a target that no device matches.
    """
    gone = gone_from_git(fleet, live, managed) if options.prune else []
    check_targets(fleet, options.targets, {name: labels.get(name, {}) for name in gone})
    devices = [fleet.devices[name] for name in sorted(covered(fleet, options))]
    missing = {device.name for device in devices} - live.keys() - agreed.keys()
    waiting = missing if not options.create else set()
    absent = waiting | {d.name for d in devices if d.paused and d.name in missing}
    owner = Owner.of(fleet, known)
    changes: list[Change] = []
    paused: list[Paused] = []
    refusals: list[Refusal] = []
    not_compared = NotCompared()
    modules: list[str] = []
    skipped = 0
    for device in devices:
        if device.name in waiting:
            continue
        if device.name in agreed:
            not_compared.add(device, ())
            continue
        planned = plan_device(
            without_parent_among(absent, device),
            live.get(device.name),
            owner,
            create=options.create,
            prune=options.prune,
        )
        if device.paused:
            paused.append(_paused(device, planned, device.name in live))
        elif isinstance(planned, Refusal):
            refusals.append(planned)
        elif options.drift_only and any(change.reason is not Reason.DRIFT for change in planned):
            skipped += 1
        else:
            changes += planned
            not_compared.add(device, planned)
            on_hub = live.get(device.name, _NOTHING)
            modules += (f"{device.name}/{name}" for name in awaited_modules(device, on_hub))
            if options.prune and (kept := kept_modules(device, on_hub, owner)):
                refusals.append(kept)
    refused = {refusal.device for refusal in refusals if not refusal.partly}
    names = {device.name for device in devices if not device.paused} - refused
    refusals += (overlap for overlap in overlaps if overlap.device in names)
    removed = Removals()
    if options.prune:
        removed = removals(fleet, live, options, managed, labels, owner, managed_in_all, agreed)
    changes += removed.changes
    access = _access(hub, [device for device in devices if not device.paused])
    return Plan(
        fleet=fleet.name,
        hub=hub.name,
        commit=fleet.commit,
        created_at=created_at,
        devices=len(devices) - len(waiting) - len(paused) - skipped + len(removed.refusals),
        changes=tuple(changes),
        refusals=(*refusals, *removed.refusals),
        digest=changes_digest(changes, access),
        seconds=_expected_seconds(hub, devices, changes),
        options=options,
        access=access,
        uploads=uploads(changes, fleet.devices),
        waiting=tuple(sorted([*waiting, *modules])),
        not_compared=not_compared.counts(),
        notes=(*notes, *removed.notes, *rename_notes(changes)),
        blocked=removed.blocked,
        paused=tuple(paused),
        known=known,
    )


def _paused(device: DesiredDevice, planned: tuple[Change, ...] | Refusal, on_hub: bool) -> Paused:
    if isinstance(planned, Refusal):
        return Paused(device.name, refused=planned.reason, on_hub=on_hub)
    return Paused(device.name, planned, on_hub=on_hub)


def changes_digest(changes: Iterable[Change], access: Iterable[str] = ()) -> str:
    """The digest of what a plan writes and the stores that it may give read access to."""
    writes = [
        [change.device, change.action, change.module, dict(change.patch)] for change in changes
    ]
    return digest({"writes": writes, "access": sorted(access)})


def _access(hub: HubTarget, devices: Iterable[DesiredDevice]) -> tuple[str, ...]:
    """The private stores with models of these devices, whether or not they have them already."""
    store = hub.artifacts
    if store is None or store.store is None or not store.private:
        return ()
    needed = any(store.holds(release) for device in devices for release in device.models.values())
    return (store.store.value,) if needed else ()


def _expected_seconds(
    hub: HubTarget, devices: Iterable[DesiredDevice], changes: Iterable[Change]
) -> float | None:
    """The seconds to read these devices and write these changes; None on the local hub.

    Reading comes first; then the kinds of writes run concurrently, each at its own rate.
    """
    if hub.local:
        return None
    reads = sum(1 + len(device.modules) + (2 if device.edge else 0) for device in devices)
    writes = Counter(
        Operation.TWIN_WRITE if change.action in _TWIN_WRITES else Operation.REGISTRY
        for change in changes
    )
    reading = reads / rate(Operation.TWIN_READ, hub.sku, hub.units)
    writing = (count / rate(kind, hub.sku, hub.units) for kind, count in writes.items())
    return reading + max(writing, default=0.0)
