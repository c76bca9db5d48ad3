"""The plan of a fleet: every change that makes a hub agree with git."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from edgeops.errors import UsageError
from edgeops.fleet.model import DesiredDevice, DesiredFleet, HubTarget
from edgeops.limits import Operation, rate
from edgeops.plan.budget import over_budget
from edgeops.plan.device import plan_device, plan_removal
from edgeops.plan.identity import without_parent_among
from edgeops.plan.model import Action, Change, Plan, PlanOptions, Reason, Refusal
from edgeops.plan.ownership import Owner
from edgeops.plan.targets import covered
from edgeops.stamp import decode, digest
from edgeops.twin import LiveDevice

_TWIN_WRITES = {Action.PATCH_DEVICE, Action.PATCH_MODULE, Action.STAMP_DEVICE}


def make_plan(
    fleet: DesiredFleet,
    live: Mapping[str, LiveDevice],
    *,
    hub: HubTarget,
    options: PlanOptions,
    managed: Collection[str],
    created_at: str,
) -> Plan:
    """The plan that makes the hub agree with the fleet.

    `managed` are the ids of the devices stamped by this fleet. `live` has the devices to plan that
    are on the hub (with the modules that `plan_device` needs) and, to prune, those of `managed`
    that git no longer has. `created_at` is ISO 8601. The plan is `blocked` if pruning would delete
    too many devices. Raises `UsageError` when the options are invalid.
    """
    if options.prune and options.targets:
        raise UsageError("--prune covers the whole fleet, so it cannot be combined with --target")
    devices = [fleet.devices[name] for name in sorted(covered(fleet, options))]
    waiting = {d.name for d in devices if d.name not in live} if not options.create else set()
    changes: list[Change] = []
    refusals: list[Refusal] = []
    skipped = 0
    for device in devices:
        if device.name in waiting:
            continue
        planned = plan_device(
            without_parent_among(waiting, device),
            live.get(device.name),
            fleet=fleet.name,
            commit=fleet.commit,
            create=options.create,
            prune=options.prune,
            uid=fleet.uid,
        )
        if isinstance(planned, Refusal):
            refusals.append(planned)
        elif options.drift_only and any(change.reason is not Reason.DRIFT for change in planned):
            skipped += 1
        else:
            changes += planned
    removals = _removals(fleet, live, options, managed) if options.prune else []
    protected = [removal for removal in removals if isinstance(removal, Refusal)]
    deletions = [removal for removal in removals if isinstance(removal, Change)]
    owner = Owner(fleet.name, fleet.uid)
    owned = [n for n in managed if n in live and owner.proves(decode(live[n].twin.tags), n)]
    changes += deletions
    access = _access(hub, devices)
    return Plan(
        fleet=fleet.name,
        hub=hub.name,
        commit=fleet.commit,
        created_at=created_at,
        devices=len(devices) - len(waiting) - skipped + len(protected),
        changes=tuple(changes),
        refusals=(*refusals, *protected),
        digest=changes_digest(changes, access),
        seconds=_expected_seconds(hub, devices, changes),
        options=options,
        access=access,
        waiting=tuple(sorted(waiting)),
        blocked=over_budget(fleet, deletions=len(deletions), managed=len(owned))
        if options.prune
        else None,
    )


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


def _removals(
    fleet: DesiredFleet,
    live: Mapping[str, LiveDevice],
    options: PlanOptions,
    managed: Collection[str],
) -> list[Change | Refusal]:
    gone = set(managed) - fleet.devices.keys()
    if options.only is not None:
        gone &= options.only
    return [
        removal
        for name in sorted(gone)
        if name in live and (removal := _removal(live[name], fleet)) is not None
    ]


def _removal(live: LiveDevice, fleet: DesiredFleet) -> Change | Refusal | None:
    return plan_removal(live, fleet=fleet.name, uid=fleet.uid)


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
