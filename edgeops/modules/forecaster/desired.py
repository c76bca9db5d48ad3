"""The desired properties of the forecaster: checked, and on disk for a start without the hub."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeops.features.device_limits import MAX_NAME
from edgeops.files import DISK, Disk
from edgeops.modules.runtime.kept_value import KeptValue
from edgeops.modules.runtime.slots import is_slot

DEFAULT_INTERVAL = 3600
MAX_INTERVAL = 86400
MAX_CONTEXTS = 8


@dataclass(frozen=True, slots=True)
class ForecasterSettings:
    """The desired properties, checked: what is wrong in them is in `warnings`.

    `slot` is None when the twin names none; `interval` is in seconds. `series`
    is the one to forecast with a model that is for any one. `context` are the
    slots whose files say what is known ahead.
    """

    slot: str | None = None
    interval: int = DEFAULT_INTERVAL
    series: str | None = None
    warnings: tuple[str, ...] = ()
    context: tuple[str, ...] = ()


def parse_desired(desired: Any) -> ForecasterSettings:
    """The settings in desired properties; never raises.

    The rules are those of schemas/modules/forecaster.desired.schema.json. A
    bad or unknown property is ignored with a warning.
    """
    if not isinstance(desired, dict):
        return ForecasterSettings(warnings=("desired properties must be an object",))
    slot, interval, series = None, DEFAULT_INTERVAL, None
    context: tuple[str, ...] = ()
    warnings = []
    for key, value in desired.items():
        if key == "model":
            slot = value if isinstance(value, str) and is_slot(value) else None
            if slot is None:
                warnings.append("model must be a slot: 1 to 64 letters, digits, _ or -")
        elif key == "intervalSeconds":
            interval = int(value) if _is_interval(value) else DEFAULT_INTERVAL
            if not _is_interval(value):
                warnings.append(f"intervalSeconds must be a whole number from 1 to {MAX_INTERVAL}")
        elif key == "series":
            series = value if isinstance(value, str) and 0 < len(value) <= MAX_NAME else None
            if series is None:
                warnings.append(f"series must be a name of 1 to {MAX_NAME} characters")
        elif key == "context":
            context = tuple(value) if _are_slots(value) else ()
            if not context:
                warnings.append(f"context must be a list of 1 to {MAX_CONTEXTS} slots, each once")
        elif not key.startswith("$"):
            warnings.append(f"{key[:64]}: no such property; it is ignored")
    return ForecasterSettings(slot, interval, series, tuple(warnings), context)


def _is_interval(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return value == value // 1 and 1 <= value <= MAX_INTERVAL


def _are_slots(value: Any) -> bool:
    return (
        isinstance(value, list)
        and 1 <= len(value) <= MAX_CONTEXTS
        and all(isinstance(slot, str) and is_slot(slot) for slot in value)
        and len(set(value)) == len(value)
    )


def desired_file(storage: Path, disk: Disk = DISK) -> KeptValue:
    """The newest desired properties in the storage."""
    return KeptValue(storage / "history/desired.json", "the desired properties", disk)
