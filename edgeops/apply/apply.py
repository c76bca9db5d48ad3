"""Applies a plan to a hub."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace

from edgeops.apply.access import Grants
from edgeops.apply.device import DeviceWriter, Sleep
from edgeops.apply.outcome import Outcome, Status
from edgeops.apply.replan import Conflict, DeviceChanges
from edgeops.errors import EdgeOpsError, Refused
from edgeops.fleet.model import DesiredFleet
from edgeops.hub.port import Hub, HubError, Unauthorized, Unreachable
from edgeops.plan.counts import by_device
from edgeops.plan.model import Plan

# Concurrent writes without an etag: enough to use the hub's rate, few enough to wait briefly.
_UNGUARDED = 4

INTERRUPTED = "the run was interrupted"
HUB_LOST = "the hub became unreachable"


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

    `fleet` is what the plan was made from; `grants` gives some of its devices read access to
    artifacts, whether they have other changes or not. `observer` gets each outcome at once. When
    `stop` is set, devices in progress are finished and the others skipped. The failure of a device
    does not end the run, unless it is the first one and the hub refuses our credentials or cannot
    be reached: that error is raised, since every device would fail the same way.
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
                reason = HUB_LOST if lost else INTERRUPTED
                end(Outcome(planned.device, Status.SKIPPED, message=reason, hint="sync again"))
                continue
            writer = DeviceWriter(hub, planned, sleep, unguarded)
            outcome, error = await _write(planned, writer)
            lost = lost or isinstance(error, Unreachable)
            end(_with_refusals(outcome, refusals.get(planned.device)))

    refusals = _refusals(plan)
    written = {change.device for change in plan.changes} | (grants.devices if grants else set())
    for device, outcome in refusals.items():
        if device not in written:
            end(outcome)
    waiting = _by_device(plan, fleet, grants)
    first = None if stopped() else next(waiting, None)
    if first is not None:
        outcome, error = await _write(first, DeviceWriter(hub, first, sleep, unguarded))
        if isinstance(error, Unauthorized | Unreachable) and not outcome.written:
            raise error
        lost = isinstance(error, Unreachable)
        end(_with_refusals(outcome, refusals.get(first.device)))
    async with asyncio.TaskGroup() as group:
        for _ in range(workers):
            group.create_task(write_rest())
    return tuple(sorted(outcomes, key=lambda outcome: outcome.device))


def _refusals(plan: Plan) -> dict[str, Outcome]:
    """The outcome of each device that is refused, whole or in part."""
    outcomes: dict[str, Outcome] = {}
    for refusal in plan.refusals:
        before = outcomes.get(refusal.device)
        message = f"{before.message}; {refusal.reason}" if before else refusal.reason
        outcomes[refusal.device] = Outcome(
            refusal.device, Status.REFUSED, message=message, hint=refusal.hint
        )
    return outcomes


def _with_refusals(outcome: Outcome, refused: Outcome | None) -> Outcome:
    """What became of a device of which some paths are refused."""
    if refused is None or outcome.status not in (Status.APPLIED, Status.ACCESS):
        return outcome
    return replace(refused, written=outcome.written)


def _by_device(plan: Plan, fleet: DesiredFleet, grants: Grants | None) -> Iterator[DeviceChanges]:
    changes = by_device(plan.changes)
    for device in sorted(grants.devices) if grants else ():
        changes.setdefault(device, [])
    for name, device_changes in changes.items():
        access = grants.patch if grants and name in grants.devices else {}
        desired = fleet.devices.get(name)
        yield DeviceChanges(name, desired, tuple(device_changes), plan.fleet, plan.commit, access)


async def _write(
    planned: DeviceChanges, writer: DeviceWriter
) -> tuple[Outcome, EdgeOpsError | None]:
    device = planned.device
    try:
        await writer.write()
    except (Conflict, Refused, HubError) as error:
        status = Status.REFUSED if isinstance(error, Refused) else Status.FAILED
        status = Status.CONFLICT if isinstance(error, Conflict) else status
        return Outcome(device, status, writer.written, error.message, error.hint), error
    status = Status.APPLIED if planned.changes else Status.ACCESS
    return Outcome(device, status, writer.written), None
