"""Values in reported properties. Devices write them, so any can have an unexpected type."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from edgeops.fleet.model import MODEL_LOADER
from edgeops.fleet.secrets import mask
from edgeops.release import ModelRelease
from edgeops.twin import LiveDevice

_LENGTH = 200
_NEVER = "0001-"  # the year of what has never happened


def value_at(value: Any, *keys: str) -> Any:
    """The value below these keys, None if there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def reported_slot(live: LiveDevice | None, slot: str) -> Any:
    """The reported properties of a slot of `model_loader`; None if there are none."""
    loader = live.modules.get(MODEL_LOADER) if live else None
    return value_at(loader.reported, "models", slot) if loader else None


def holds(slot: Any, release: ModelRelease) -> bool:
    """Whether a slot reports to hold a release: its bytes, and the name and version if it says so.

    The same bytes can be of several releases, with other metadata.
    """
    named = ((value_at(slot, "name"), release.name), (value_at(slot, "version"), release.version))
    same = value_at(slot, "sha256") == release.sha256
    return same and all(said in (None, wanted) for said, wanted in named)


def as_text(value: Any) -> str:
    """A reported value as one short line without secrets; what is not text is JSON."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return mask(" ".join(text.split()))[:_LENGTH]


def error_text(error: Any) -> str:
    """The text of a reported error (`{code, message}`), or of any other value."""
    code, message = value_at(error, "code"), value_at(error, "message")
    return f"{as_text(code)}: {as_text(message)}" if code and message else as_text(error)


def number(value: Any, least: float, most: float) -> float | None:
    """A reported number; None for anything else, and for one outside of these bounds."""
    return float(value) if type(value) in (int, float) and least <= value <= most else None


def moment(text: Any) -> datetime | None:
    """The time in UTC that a text in ISO 8601 says; without a zone it is in UTC."""
    if not isinstance(text, str) or text.startswith(_NEVER):
        return None
    try:
        said = datetime.fromisoformat(text)
        return said.astimezone(UTC) if said.tzinfo else said.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
