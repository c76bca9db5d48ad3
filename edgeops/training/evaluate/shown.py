"""Figures of gates for people: rounded, but never to the other side of a bound."""

from __future__ import annotations

import math

_DIGITS = range(2, 7)  # significant ones
_SMALL = 1e-4  # below, powers of ten are easier to read


def shown(name: str, value: float, *bounds: float) -> str:
    """The value of the metric `name` with as few digits as tell it from the bounds of its gate.

    `0.65` for 0.649, `94.6 kB` for a size of 94,617 bytes.
    """
    if name.endswith("_bytes"):
        return f"{_rounded(value / 1000, [bound / 1000 for bound in bounds], 3)} kB"
    # Two digits of 1.035 would be up to 5 % off, of 0.935 up to 0.5 %.
    return _rounded(value, list(bounds), 3 if f"{value:e}".lstrip("-").startswith("1") else 2)


def _rounded(value: float, bounds: list[float], least: int) -> str:
    text = ""
    for digits in range(least, _DIGITS.stop):
        text = _text(value, digits)
        if all(_side(float(text.replace(",", "")), each) == _side(value, each) for each in bounds):
            break
    return text


def _side(value: float, bound: float) -> int:
    return (value > bound) - (value < bound) if math.isfinite(bound) else 0


def _text(value: float, digits: int) -> str:
    """So many significant digits, and all of those before the decimal point."""
    if not math.isfinite(value) or 0 < abs(value) < _SMALL:
        return f"{value:.{digits}g}"
    after = max(0, digits - 1 - math.floor(math.log10(abs(value)))) if value else 0
    text = f"{value:,.{after}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
