"""Reading what devices report; reported values may have any shape."""

from __future__ import annotations

from typing import Any

from edgeops.fleet.model import MODEL_LOADER
from edgeops.twin import LiveDevice


def reported_slot(live: LiveDevice | None, slot: str) -> Any:
    """What `model_loader` reports about the model in a slot; None when it reports nothing."""
    loader = live.modules.get(MODEL_LOADER) if live else None
    return value_at(loader.reported, "models", slot) if loader else None


def value_at(value: Any, *keys: str) -> Any:
    """The value below these keys, None when there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value
