"""Zeros that are usual are values; other zeros in a row are an outage."""

from __future__ import annotations

import numpy as np
import pytest

from edgeops.features.series import HourlySeries
from edgeops.training.data.load import outage_hours, window_spec
from edgeops.training.data.usual_zeros import UsualZeros, usual_zeros
from edgeops.training.matrix import model_names
from edgeops.training.model_file import load_model_file
from tests.training.data.conftest import CHECKOUT

WEEKS = 30
HOURS = np.arange(WEEKS * 168)  # from a Monday on
DAY, HOUR = HOURS // 24, HOURS % 24
COUNTS = 5.0 + HOURS % 7


def found(*columns):
    names = tuple(f"c{at}" for at in range(len(columns)))
    start = np.datetime64("2024-01-01T00", "h")
    return usual_zeros(HourlySeries(start, names, np.stack(columns, axis=1)), names)


def zero_where(mask):
    return np.where(mask, 0.0, COUNTS)


def nights(mask):
    """Zeros in nights of some length, in some of the weeks."""
    return zero_where(((HOUR < 7) | (HOUR >= 17)) & mask)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (COUNTS, UsualZeros(12)),
        (zero_where(HOUR < 5), UsualZeros(12)),  # too short to be an outage
        (
            zero_where((HOUR < 9) | (HOUR >= 21)),
            UsualZeros(96, "closed 21-9: only 96 zeros in a row are an outage"),
        ),
        (
            zero_where((HOUR < 9) | (HOUR >= 21) | (DAY % 7 == 6)),
            UsualZeros(96, "closed 21-9 and on Sundays: only 96 zeros in a row are an outage"),
        ),
        (
            zero_where(DAY % 7 >= 5),
            UsualZeros(96, "closed on Saturdays, Sundays: only 96 zeros in a row are an outage"),
        ),
        (
            zero_where(HOUR < 20),
            UsualZeros(96, "closed 0-20: only 96 zeros in a row are an outage"),
        ),
        (
            zero_where(HOURS % 331 > 0),
            UsualZeros(0, "zero for days again and again: no zeros are an outage"),
        ),
        (zero_where((HOURS > 500) & (HOURS < 3000)), UsualZeros(12)),  # a sensor that broke
        (zero_where(HOURS % 1000 < 20), UsualZeros(12)),  # and one that breaks now and then
        (np.zeros(len(HOURS)), UsualZeros(12)),
        (np.full(len(HOURS), np.nan), UsualZeros(12)),
    ],
)
def test_zeros_of_a_column(values, expected):
    assert found(values) == expected


def test_zeros_of_winter_nights():
    assert found(nights(np.abs(DAY - 105) > 50)).outage_hours == 96


def test_one_column_that_is_closed_is_enough():
    closed = zero_where(HOUR < 15)
    assert found(COUNTS, closed).outage_hours == 96


def test_the_models_of_this_repository_keep_what_their_file_says(auckland):
    for name in model_names(CHECKOUT):
        model = load_model_file(CHECKOUT, name)
        assert model.recipe.repairs.outage_hours == 12
        assert outage_hours(model, auckland.series) == 12
        assert window_spec(model, auckland.series.columns[:1], auckland.series).outage_hours == 12
