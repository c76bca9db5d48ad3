"""What a plan that deletes and creates devices means for one that was renamed in git."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from edgeops.plan.model import Action, Change


def rename_notes(changes: Collection[Change]) -> Iterator[str]:
    """A note if devices are deleted and created at once: IoT Hub cannot rename an identity."""
    actions = {change.action for change in changes}
    if {Action.CREATE_DEVICE, Action.DELETE_DEVICE} <= actions:
        yield (
            "this deletes and creates devices. A renamed device is a new identity: its keys,"
            " reported properties and waiting messages are lost, and it must be provisioned again"
        )
