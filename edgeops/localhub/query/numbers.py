"""Numbers as JSON has them: integers as far as they are exact, beyond that floats."""

from __future__ import annotations

import math

LARGEST_EXACT = 2**53


def literal_number(number: float) -> int | float:
    """A number as it was written, an integer that is not exact as a float.

    Raises:
        OverflowError: it is not finite.
    """
    if not math.isfinite(number):
        raise OverflowError
    return float(number) if abs(number) > LARGEST_EXACT else number


def computed_number(number: float) -> int | float:
    """A result, as an integer where it is a whole number and exact.

    Raises:
        OverflowError: it is not finite.
    """
    found = literal_number(number)
    return int(found) if abs(found) <= LARGEST_EXACT and found == int(found) else found
