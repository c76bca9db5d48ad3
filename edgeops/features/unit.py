"""Between the values of a series and what logarithms are taken of.

A model sees `(value - least) / size`, of which 1 is small: so it is the same model whether a
share is written as 0.5 or 50 %, and degrees below zero have logarithms too.
"""

from __future__ import annotations

import numpy as np

from edgeops.features.series import FloatArray
from edgeops.features.spec import Unit


def measured(values: FloatArray, unit: Unit) -> FloatArray:
    """The values in the unit, from its least value on: at least 0; a missing one stays missing."""
    return np.maximum((values - unit.least) / unit.size, 0.0)


def values_of(scaled: FloatArray, unit: Unit) -> FloatArray:
    """The values of `measured + 1`, which is what the scale times a ratio is."""
    values = unit.least + unit.size * np.maximum(scaled - 1, 0.0)
    return np.asarray(values if unit.most is None else np.minimum(values, unit.most))
