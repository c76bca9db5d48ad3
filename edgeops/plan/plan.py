"""The plan of a fleet: every change that makes a hub agree with git."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from edgeops.errors import Refused, UsageError
from edgeops.fleet.model import DesiredDevice, DesiredFleet, HubTarget
from edgeops.limits import Operation, rate
from edgeops.plan.device import plan_device, plan_removal
from edgeops.plan.identity import without_parent_among
from edgeops.plan.model import Action, Change, Plan, PlanOptions, Reason, Refusal
from edgeops.plan.secrets import NotCompared
from edgeops.plan.targets import covered
from edgeops.stamp import digest
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
    that git no longer has. `created_at` is ISO 8601. Raises `UsageError` when the options are
    invalid and `Refused` when pruning would delete too many devices.
    """
    if options.prune and options.targets:
        raise UsageError("--prune covers the whole fleet, so it cannot be combined with --target")
    devices = [fleet.devices[name] for name in sorted(covered(fleet, options))]
    waiting = {d.name for d in devices if d.name not in live} if not options.create else set()
    changes: list[Change] = []
    refusals: list[Refusal] = []
    not_compared = NotCompared()
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
        )
        if isinstance(planned, Refusal):
            refusals.append(planned)
        elif options.drift_only and any(change.reason is not Reason.DRIFT for change in planned):
            skipped += 1
        else:
            changes += planned
            not_compared.add(device, planned)
    removals = _removals(fleet, live, options, managed) if options.prune else []
    protected = [removal for removal in removals if isinstance(removal, Refusal)]
    changes += [removal for removal in removals if isinstance(removal, Change)]
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
        not_compared=not_compared.counts(),
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
    if not fleet.devices:
        raise Refused(
            "the fleet has no devices, so --prune would delete every device it manages",
            "check the revision; if this is intended, delete the last devices by hand",
        )
    gone = set(managed) - fleet.devices.keys()
    if options.only is not None:
        gone &= options.only
    removals = [
        removal
        for name in sorted(gone)
        if name in live and (removal := plan_removal(live[name], fleet=fleet.name)) is not None
    ]
    deletions = sum(isinstance(removal, Change) for removal in removals)
    allowed = _allowed(fleet.max_deletes, len(managed))
    if deletions > allowed:
        raise Refused(
            f"--prune would delete {deletions} of {len(managed)} managed devices;"
            f" limits.maxDeletes ({fleet.max_deletes}) allows {allowed}",
            "nothing was written; check the revision, or raise limits.maxDeletes in the Fleet",
        )
    return removals


def _allowed(max_deletes: str | int, managed: int) -> int:
    """The most deletions allowed; a percentage rounds up, so that a small fleet can lose one."""
    if isinstance(max_deletes, int):
        return max_deletes
    return -(-managed * int(max_deletes.removesuffix("%")) // 100)


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
