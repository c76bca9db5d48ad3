"""Plans one device again, and compares the result with what was planned."""

from __future__ import annotations

from dataclasses import dataclass, field

from edgeops.errors import EdgeOpsError, Refused
from edgeops.fleet.model import DesiredDevice
from edgeops.hub.live import ReadRequest, read_live
from edgeops.hub.port import Hub
from edgeops.jsonvalue import JsonObject, leaves, same
from edgeops.plan.device import plan_device
from edgeops.plan.model import Action, Change, Refusal
from edgeops.plan.ownership import Owner
from edgeops.plan.removals import plan_removal
from edgeops.twin import LiveDevice


class Conflict(EdgeOpsError):
    """The device changed on the hub since the plan was made, so that the plan no longer applies."""


@dataclass(frozen=True, slots=True)
class DeviceChanges:
    """The part of a plan for one device; `desired` is None if the device is to be deleted.

    `access` is the secret patch of desired properties that gives its model_loader read access to
    artifacts; it is not part of the plan.
    """

    device: str
    desired: DesiredDevice | None
    changes: tuple[Change, ...]
    owner: Owner
    access: JsonObject = field(default_factory=dict, repr=False)

    @property
    def creates(self) -> bool:
        """Whether the device is created."""
        return any(change.action is Action.CREATE_DEVICE for change in self.changes)


async def replan(hub: Hub, planned: DeviceChanges) -> tuple[LiveDevice | None, tuple[Change, ...]]:
    """The device as it is now, and the changes that are still to be written.

    Raises `Conflict` when they were not all planned, `Refused` when a safety check now fails, and
    `HubError`.
    """
    live = await _read(hub, planned)
    changes = _plan(live, planned)
    if isinstance(changes, Refusal):
        raise Refused(changes.reason, changes.hint)
    for change in changes:
        if not _only_stamps(change) and not any(_covers(old, change) for old in planned.changes):
            raise Conflict(
                f"changed on the hub since the plan was made ({_words(change)})",
                "review `edgeops sync --dry-run`, then sync again",
            )
    return live, changes


async def _read(hub: Hub, planned: DeviceChanges) -> LiveDevice | None:
    device = planned.desired
    request = ReadRequest(tuple(device.modules), device.edge) if device else ReadRequest()
    live = await read_live(
        hub, {planned.device: request}, by_query=False, progress=lambda _done, _all: None
    )
    return live.get(planned.device)


def _plan(live: LiveDevice | None, planned: DeviceChanges) -> tuple[Change, ...] | Refusal:
    if planned.desired is None:
        removal = plan_removal(live, planned.owner) if live else None
        if isinstance(removal, Refusal):
            return removal
        return (removal,) if removal else ()
    actions = {change.action for change in planned.changes}
    return plan_device(
        planned.desired,
        live,
        planned.owner,
        create=Action.CREATE_DEVICE in actions,
        prune=Action.DELETE_MODULE in actions,
    )


def _covers(old: Change, new: Change) -> bool:
    """Whether the old change already includes everything that the new one writes."""
    if (old.action, old.module) != (new.action, new.module):
        return False
    planned = dict(leaves(dict(old.patch)))
    needed = leaves(dict(new.patch)) if new.patch else ()
    return all(path in planned and same(planned[path], value) for path, value in needed)


def _only_stamps(change: Change) -> bool:
    """Whether a change writes only a stamp, which follows from git, so that it is as planned."""
    return bool(change.stamp) and not change.patch


def _words(change: Change) -> str:
    return change.action.value + (f" {change.module}" if change.module else "")
