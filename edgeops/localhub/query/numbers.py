"""JSON numbers: integers up to the largest that a float represents exactly, then floats."""

from __future__ import annotations

import math

LARGEST_EXACT = 2**53


def literal_number(number: float) -> int | float:
    """A literal, as a float if it is too large for an exact integer.

    Raises `OverflowError` if it is not finite.
    """
    if not math.isfinite(number):
        raise OverflowError
    return float(number) if abs(number) > LARGEST_EXACT else number


def computed_number(number: float) -> int | float:
    """The result of a computation, as an integer if it is an exact whole number.

    Raises `OverflowError` if it is not finite.
    """
    result = literal_number(number)
    return int(result) if abs(result) <= LARGEST_EXACT and result == int(result) else result
