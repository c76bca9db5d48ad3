"""What a device can keep and take: training must not make a model that asks for more."""

from __future__ import annotations

HOURS_KEPT = 16 * 7 * 24  # 2,688; models of all features and a base of eight weeks need 2,580
MAX_SERIES = 256
MAX_NAME = 64  # characters
MAX_VALUE = 1e15  # beyond, whole numbers are not exact, and sums could become infinite


def name_fault(name: str) -> str | None:
    """Why a device would refuse this name of a series; None if it takes it."""
    if not 0 < len(name) <= MAX_NAME:
        return f"it has {len(name)} characters, a device takes 1 to {MAX_NAME}"
    if not name.isprintable():
        return "it has characters that cannot be printed, which a device refuses"
    return None
