"""The unit of a target: its scale does not matter, and values below zero have logarithms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgeops.errors import EdgeOpsError
from edgeops.features.series import HourlySeries
from edgeops.features.spec import COUNTS, Site, Unit, WindowSpec
from edgeops.features.unit import measured, values_of
from edgeops.features.window import WindowBuilder
from edgeops.training.data.split import Split
from edgeops.training.data.unit import UnitFit, unit_of

START = np.datetime64("2024-01-01T00", "h")
DAYS = ("2024-03-31", "2024-04-15", "2024-04-30")
FIT = UnitFit(1, 12, Split(*(np.datetime64(day) for day in DAYS)))


def counts(hours: int = 24 * 120) -> np.ndarray:
    random = np.random.default_rng(4)
    hour = np.arange(hours)
    return np.floor(40 + 30 * np.sin(2 * np.pi * hour / 24) + random.uniform(0, 20, hours))


def degrees() -> np.ndarray:
    return counts() / 3.7 - 15.0


def series(values: np.ndarray) -> HourlySeries:
    return HourlySeries(START, ("a",), np.asarray(values, np.float64)[:, None])


def fitted(values: np.ndarray, **changes) -> Unit:
    return unit_of(series(values), (("a",),), replace(FIT, **changes))


def windows(values: np.ndarray, unit: Unit) -> np.ndarray:
    features = ("log_base", "log_y", "dev", "lag168_dev", "trend_168", "diff1")
    spec = WindowSpec(features, ("a",), Site("UTC"), unit=unit)
    return WindowBuilder(spec).windows(series(values)).values


def test_counts_are_their_own_unit():
    assert fitted(counts()) == COUNTS
    assert fitted(counts() * 100) == COUNTS


@pytest.mark.parametrize("factor", [1 / 420, 1 / 4.2, 0.0003, 1e-9, 1000, 1e7])
def test_the_scale_of_a_series_changes_no_window(factor):
    shares = counts() / 420
    unit = fitted(counts() * factor)
    assert unit != COUNTS
    expected = windows(shares, fitted(shares))
    np.testing.assert_allclose(windows(counts() * factor, unit), expected, atol=1e-4)


def test_degrees_below_zero_have_windows_and_come_back():
    unit = fitted(degrees())
    assert unit.is_signed
    assert unit.least < degrees().min()
    made = windows(degrees(), unit)
    assert np.isfinite(made).all()
    assert np.abs(made).max() < 3
    np.testing.assert_allclose(values_of(measured(degrees(), unit) + 1, unit), degrees())


def test_slightly_negative_values_are_noise_of_a_meter():
    power = np.maximum(counts() - 40, 0) / 10
    power[::7] -= 0.02
    power[::11] -= 0.01
    unit = fitted(power)
    assert -0.2 < unit.least < -0.02
    assert unit.size < 0.1


def test_one_negative_value_stands_for_a_missing_one():
    values = counts()
    values[[500, 600]] = -999
    with pytest.raises(EdgeOpsError, match="a is -999 at 2024-01-21T20, and no other") as caught:
        fitted(values)
    assert "leave the cell empty" in (caught.value.hint or "")


def test_what_is_later_than_the_training_part_does_not_matter():
    shares = counts() / 420
    later = shares.copy()
    later[24 * 95 :] *= 50
    assert fitted(later) == fitted(shares)


def test_forecasts_stay_within_the_unit():
    unit = Unit(0.5, -10.0, 30.0)
    assert values_of(np.array([-5.0, 1.0, 11.0, 1e6]), unit).tolist() == [-10, -10, -5, 30]
    assert values_of(np.array([0.3, 1.0, 7.5]), COUNTS).tolist() == [0, 0, 6.5]
    assert fitted(counts(), capacity=80.0) == Unit(most=80.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0.0,), "size of the unit is 0"),
        ((1.0, 2.0), "least value is 2"),
        ((1.0, 0.0, 0.0), "largest value is 0, the least 0"),
    ],
)
def test_a_unit_that_cannot_be(arguments, message):
    with pytest.raises(EdgeOpsError, match=message):
        Unit(*arguments)
