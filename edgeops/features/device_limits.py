"""What a device can keep and take: training must not make a model that asks for more."""

from __future__ import annotations

from collections.abc import Sequence

HOURS_KEPT = 16 * 7 * 24  # 2,688; models of all features and a base of eight weeks need 2,580
MAX_SERIES = 256
MAX_NAME = 64  # characters
MAX_UNIT = 32  # characters; as in schemas/model.schema.json
MAX_INPUTS = 1024  # features of a model
MAX_QUANTILES = 99
MAX_HORIZON = 24 * 14  # steps
MAX_VALUE = 1e15  # beyond, whole numbers are not exact, and sums could become infinite


def quantiles_fault(quantiles: Sequence[float]) -> str | None:
    """Why a device would refuse these quantiles, or could not tell them apart; None otherwise."""
    if not 1 <= len(quantiles) <= MAX_QUANTILES:
        return f"a device takes 1 to {MAX_QUANTILES} quantiles, not {len(quantiles)}"
    if not all(0 < share < 1 for share in quantiles):
        return "quantiles must be a list of numbers between 0 and 1"
    names = [quantile_name(share) for share in quantiles]
    twice = next((name for name in names if names.count(name) > 1), None)
    return None if twice is None else f"a device tells more than one of the quantiles as {twice}"


def quantile_name(share: float) -> str:
    """How telemetry names a quantile: to six digits."""
    return f"{share:g}"


def unit_fault(unit: str) -> str | None:
    """Why a device would refuse this unit of a model; None if it takes it."""
    if len(unit) > MAX_UNIT or not unit.isprintable():
        return f"unit must be a text of at most {MAX_UNIT} characters that can be printed"
    return None


def shown(text: str) -> str:
    """A foreign text as a fault tells it: short, and without what cannot be printed."""
    return "".join(sign if sign.isprintable() else "?" for sign in text[:MAX_NAME])


def name_fault(name: str) -> str | None:
    """Why a device would refuse this name of a series; None if it takes it."""
    if not 0 < len(name) <= MAX_NAME:
        return f"it has {len(name)} characters, a device takes 1 to {MAX_NAME}"
    if not name.isprintable():
        return "it has characters that cannot be printed, which a device refuses"
    return None
