"""The counts of a plan: how many devices it creates, changes, deletes, refuses, awaits, pauses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from edgeops.plan.model import Action, Change, Plan


class DeviceFate(StrEnum):
    """What happens to a device, in the order of reports."""

    CREATE = "create"
    CHANGE = "change"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many devices a plan creates, changes, deletes, refuses, finds in sync, awaits, pauses."""

    create: int
    change: int
    delete: int
    refused: int
    in_sync: int
    waiting: int
    paused: int = 0


def counts(plan: Plan) -> Counts:
    """The counts of a plan."""
    kinds = {device: kind_of(changes) for device, changes in by_device(plan.changes).items()}
    create, change, delete = (list(kinds.values()).count(kind) for kind in DeviceFate)
    refused = {refusal.device for refusal in plan.refusals}
    in_sync = max(0, plan.devices - create - change - len(refused - kinds.keys()))
    waiting, paused = len(plan.waiting), len(plan.paused)
    return Counts(create, change, delete, len(refused), in_sync, waiting, paused)


def by_device(changes: Iterable[Change]) -> dict[str, list[Change]]:
    """The changes of each device, in their order."""
    grouped: dict[str, list[Change]] = {}
    for change in changes:
        grouped.setdefault(change.device, []).append(change)
    return grouped


def kind_of(changes: Iterable[Change]) -> DeviceFate:
    """What happens to a device that gets these changes."""
    actions = {change.action for change in changes}
    if Action.CREATE_DEVICE in actions:
        return DeviceFate.CREATE
    return DeviceFate.DELETE if Action.DELETE_DEVICE in actions else DeviceFate.CHANGE
