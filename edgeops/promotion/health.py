"""How a device does with the release of one slot, and since when it has it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from edgeops.fleet.model import MODEL_LOADER, DesiredDevice
from edgeops.plan.device import is_in_sync
from edgeops.plan.health import Health, health
from edgeops.twin import LiveDevice


@dataclass(frozen=True, slots=True)
class SlotHealth:
    """The health of a device; `since` is when the model of the slot came into use, if it says."""

    health: Health
    since: datetime | None = None


def slot_health(
    device: DesiredDevice, live: LiveDevice | None, slot: str, *, fleet: str, commit: str | None
) -> SlotHealth:
    """The health of a device, as `edgeops status` tells it, with the `since` of a slot.

    A Converged device has the wanted digest in every slot. Connected or not:
    what it reported last counts.
    """
    in_sync = is_in_sync(device, live, fleet=fleet, commit=commit)
    return SlotHealth(health(device, live, in_sync), _since(live, slot))


def _since(live: LiveDevice | None, slot: str) -> datetime | None:
    """What model_loader reports; reported properties may have any shape."""
    loader = live.modules.get(MODEL_LOADER) if live else None
    value: Any = loader.reported if loader else None
    for key in ("models", slot, "since"):
        value = value.get(key) if isinstance(value, dict) else None
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
