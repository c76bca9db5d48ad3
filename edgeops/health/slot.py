"""How a device does with the model of one slot, and since when it uses it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from edgeops.fleet.model import DesiredDevice
from edgeops.health.device import Health, health, reported_slot, value_at
from edgeops.twin import LiveDevice


@dataclass(frozen=True, slots=True)
class SlotHealth:
    """The health of a device; `since` is when the model of the slot came into use, if it says.

    A Converged device has the wanted digest in every slot. Connected or not:
    what it reported last counts.
    """

    health: Health
    since: datetime | None = None


def slot_health(
    device: DesiredDevice, live: LiveDevice | None, slot: str, in_sync: bool
) -> SlotHealth:
    """The health of a device, as `edgeops status` tells it, with the `since` of a slot."""
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
