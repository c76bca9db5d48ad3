"""Carries out a plan: the one writer of hubs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

from edgeops.apply.access import Grants
from edgeops.apply.device import DeviceWriter, Sleep
from edgeops.apply.outcome import Outcome, Status
from edgeops.apply.replan import Conflict, DeviceChanges
from edgeops.errors import EdgeOpsError, Refused
from edgeops.fleet.model import DesiredFleet
from edgeops.hub.port import Hub, HubError, Unauthorized, Unreachable
from edgeops.plan.counts import by_device
from edgeops.plan.model import Plan

# Writes without an etag at a time: enough for their rate, few enough to wait little for it.
_UNGUARDED = 4

INTERRUPTED = "interrupted before its turn"
HUB_LOST = "the hub could not be reached any more"


async def apply(
    plan: Plan,
    fleet: DesiredFleet,
    hub: Hub,
    *,
    grants: Grants | None = None,
    workers: int = 32,
    observer: Callable[[Outcome], None],
    stop: asyncio.Event | None = None,
    sleep: Sleep = asyncio.sleep,
) -> tuple[Outcome, ...]:
    """Write the changes of a plan; one outcome for each device it changes or refuses, by name.

    `fleet` is what the plan was made from; `grants` gives some of its devices
    read access to artifacts, on the way or by itself. `observer` gets each outcome as it
    comes. Once `stop` is set, devices in flight are finished and the rest is
    skipped. One device's failure never ends the run; but when the first write
    of all finds the hub closed to us or gone, that error is raised, since
    every device would say the same.
    """
    outcomes: list[Outcome] = []
    lost = False
    unguarded = asyncio.Semaphore(_UNGUARDED)

    def end(outcome: Outcome) -> None:
        outcomes.append(outcome)
        observer(outcome)

    def stopped() -> bool:
        return stop is not None and stop.is_set()

    async def write_rest() -> None:
        nonlocal lost
        for planned in waiting:  # shared: each worker takes the next device
            if lost or stopped():
                why = HUB_LOST if lost else INTERRUPTED
                end(Outcome(planned.device, Status.SKIPPED, message=why, hint="sync again"))
                continue
            writer = DeviceWriter(hub, planned, sleep, unguarded)
            outcome, error = await _write(planned, writer)
            lost = lost or isinstance(error, Unreachable)
            end(outcome)

    for refusal in plan.refusals:
        end(Outcome(refusal.device, Status.REFUSED, message=refusal.reason, hint=refusal.hint))
    waiting = _by_device(plan, fleet, grants)
    first = None if stopped() else next(waiting, None)
    if first is not None:
        outcome, error = await _write(first, DeviceWriter(hub, first, sleep, unguarded))
        if isinstance(error, Unauthorized | Unreachable) and not outcome.written:
            raise error
        lost = isinstance(error, Unreachable)
        end(outcome)
    async with asyncio.TaskGroup() as group:
        for _ in range(workers):
            group.create_task(write_rest())
    return tuple(sorted(outcomes, key=lambda outcome: outcome.device))


def _by_device(plan: Plan, fleet: DesiredFleet, grants: Grants | None) -> Iterator[DeviceChanges]:
    changes = by_device(plan.changes)
    for device in sorted(grants.devices) if grants else ():
        changes.setdefault(device, [])
    for device, of_device in changes.items():
        access = grants.patch if grants and device in grants.devices else {}
        desired = fleet.devices.get(device)
        yield DeviceChanges(device, desired, tuple(of_device), plan.fleet, plan.commit, access)


async def _write(
    planned: DeviceChanges, writer: DeviceWriter
) -> tuple[Outcome, EdgeOpsError | None]:
    device = planned.device
    try:
        await writer.write()
    except (Conflict, Refused, HubError) as error:
        status = _status(error)
        return Outcome(device, status, writer.written, error.message, error.hint), error
    status = Status.APPLIED if planned.changes else Status.ACCESS
    return Outcome(device, status, writer.written), None


def _status(error: EdgeOpsError) -> Status:
    if isinstance(error, Conflict):
        return Status.CONFLICT
    return Status.REFUSED if isinstance(error, Refused) else Status.FAILED
