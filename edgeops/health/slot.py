"""The health of a device, and since when it has used the model of one slot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from edgeops.fleet.model import DesiredDevice
from edgeops.health.device import Health, health
from edgeops.health.reported import reported_slot, value_at
from edgeops.twin import LiveDevice


@dataclass(frozen=True, slots=True)
class SlotHealth:
    """The health of a device, and since when its `model_loader` has held the model, if reported.

    Modules that use the model may report a `since` of their own, but that starts anew with each
    restart: a device that restarts every night would never be healthy for a day.
    """

    health: Health
    since: datetime | None = None


def slot_health(
    device: DesiredDevice, live: LiveDevice | None, slot: str, in_sync: bool
) -> SlotHealth:
    """The health of a device, as in `edgeops status`, with the `since` of a slot."""
    return SlotHealth(health(device, live, in_sync), _since(live, slot))


def _since(live: LiveDevice | None, slot: str) -> datetime | None:
    since = value_at(reported_slot(live, slot), "since")
    if not isinstance(since, str):
        return None
    try:
        moment = datetime.fromisoformat(since)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
