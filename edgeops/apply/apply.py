"""Applies a plan to a hub."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from edgeops.apply.access import Grants
from edgeops.apply.device import DeviceWriter, Sleep
from edgeops.apply.outcome import Outcome, Status
from edgeops.apply.replan import Conflict, DeviceChanges
from edgeops.apply.secrets import SecretValues
from edgeops.errors import EdgeOpsError, Refused
from edgeops.fleet.model import DesiredFleet
from edgeops.hub.port import Hub, HubError, Unauthorized, Unreachable
from edgeops.plan.budget import check_allowed
from edgeops.plan.counts import by_device
from edgeops.plan.identity import without_parent_among
from edgeops.plan.model import Plan
from edgeops.plan.ownership import Owner

# Concurrent writes without an etag: enough to use the hub's rate, few enough to wait briefly.
_UNGUARDED = 4

INTERRUPTED = "the run was interrupted"
HUB_LOST = "the hub became unreachable"


async def apply(
    plan: Plan,
    fleet: DesiredFleet,
    hub: Hub,
    *,
    secrets: SecretValues | None = None,
    grants: Grants | None = None,
    workers: int = 32,
    observer: Callable[[Outcome], None],
    stop: asyncio.Event | None = None,
    sleep: Sleep = asyncio.sleep,
) -> tuple[Outcome, ...]:
    """Write the changes of a plan; one outcome for each device it changes or refuses, by name.

    `fleet` is what the plan was made from; `secrets` has the values of the secrets that it writes,
    which no outcome and no error shows; `grants` gives some of its devices read access to
    artifacts, whether they have other changes or not. `observer` gets each outcome at once. When
    `stop` is set, devices in progress are finished and the others skipped. The failure of a device
    does not end the run, unless it is the first one and the hub refuses our credentials or cannot
    be reached: that error is raised, since every device would fail the same way. Raises `Refused`
    for a blocked plan.
    """
    check_allowed(plan)
    outcomes: list[Outcome] = []
    lost = False
    unguarded = asyncio.Semaphore(_UNGUARDED)
    values = secrets or SecretValues()

    def end(outcome: Outcome) -> None:
        outcomes.append(outcome)
        observer(outcome)

    def stopped() -> bool:
        return stop is not None and stop.is_set()

    async def write(planned: DeviceChanges) -> tuple[Outcome, EdgeOpsError | None]:
        writer = DeviceWriter(hub, planned, values, sleep, unguarded)
        return await _write(planned, writer, values)

    async def write_each(waiting: Iterator[DeviceChanges]) -> None:
        nonlocal lost
        for planned in waiting:  # shared: each worker takes the next device
            if lost or stopped():
                reason = HUB_LOST if lost else INTERRUPTED
                end(Outcome(planned.device, Status.SKIPPED, message=reason, hint="sync again"))
                continue
            outcome, error = await write(planned)
            lost = lost or isinstance(error, Unreachable)
            end(_with_refusals(outcome, refusals.get(planned.device)))

    refusals = _refusals(plan)
    for device in sorted(refusals.keys() - _written(plan, grants)):
        end(refusals[device])
    rounds = [iter(planned) for planned in _rounds(_by_device(plan, fleet, grants))]
    first = next(rounds[0]) if rounds and not stopped() else None
    if first is not None:
        outcome, error = await write(first)
        if isinstance(error, Unauthorized | Unreachable) and not outcome.written:
            raise error
        lost = isinstance(error, Unreachable)
        end(_with_refusals(outcome, refusals.get(first.device)))
    for planned in rounds:
        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(write_each(planned))
    return tuple(sorted(outcomes, key=lambda outcome: outcome.device))


def _written(plan: Plan, grants: Grants | None) -> set[str]:
    """The devices that are written, be it in part."""
    changed = {change.device for change in plan.changes}
    return changed | grants.devices if grants else changed


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
    changes, absent = by_device(plan.changes), plan.absent
    owner = Owner.of(fleet, plan.known)
    for device in sorted(grants.devices) if grants else ():
        changes.setdefault(device, [])
    for name, device_changes in changes.items():
        access = grants.patch if grants and name in grants.devices else {}
        desired = fleet.devices.get(name)
        if desired is not None:
            desired = without_parent_among(absent, desired)
        yield DeviceChanges(name, desired, tuple(device_changes), owner, access)


def _rounds(planned: Iterable[DeviceChanges]) -> list[list[DeviceChanges]]:
    """The devices in rounds, one after the other: a new device comes before its children."""
    by_name = {device.device: device for device in planned}
    rounds: dict[int, list[DeviceChanges]] = {}
    for device in by_name.values():
        depth, above = 0, _parent(device)
        while above in by_name and by_name[above].creates:
            depth, above = depth + 1, _parent(by_name[above])
        rounds.setdefault(depth, []).append(device)
    return [rounds[depth] for depth in sorted(rounds)]


def _parent(planned: DeviceChanges) -> str:
    return (planned.desired.parent if planned.desired else None) or ""


async def _write(
    planned: DeviceChanges, writer: DeviceWriter, secrets: SecretValues
) -> tuple[Outcome, EdgeOpsError | None]:
    device = planned.device
    try:
        await writer.write()
    except (Conflict, Refused, HubError) as error:
        status = Status.REFUSED if isinstance(error, Refused) else Status.FAILED
        status = Status.CONFLICT if isinstance(error, Conflict) else status
        _hide(error, secrets)
        return Outcome(device, status, writer.written, error.message, error.hint), error
    status = Status.APPLIED if planned.changes else Status.ACCESS
    return Outcome(device, status, writer.written), None


def _hide(error: EdgeOpsError, secrets: SecretValues) -> None:
    """Remove the values of secrets from an error, and the errors from which it was made."""
    error.message, error.hint = secrets.hide(error.message), secrets.hide(error.hint)
    error.args = (error.message,)
    error.__cause__ = error.__context__ = None
