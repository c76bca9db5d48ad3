"""Features of the calendar, of holidays and of the sun."""

from __future__ import annotations

import numpy as np
import pytest

from edgeops.errors import EdgeOpsError
from edgeops.features.calendar import hour_wave, is_weekday, year_wave
from edgeops.features.holiday import HolidayFeatures
from edgeops.features.spec import Site
from edgeops.features.sun import SunFeatures


def hours(*texts: str) -> np.ndarray:
    return np.array(texts, dtype="datetime64[h]")


def test_the_calendar():
    at = hours("2024-01-01T06", "2024-01-06T18")  # a Monday, a Saturday
    np.testing.assert_allclose(hour_wave(at, 1, sine=True), [1, -1])
    np.testing.assert_allclose(hour_wave(at, 2, sine=False), [-1, -1])
    assert is_weekday(at, 0).tolist() == [1, 0]
    assert is_weekday(at, 5).tolist() == [0, 1]
    assert year_wave(at, sine=False)[0] == 1
    assert is_weekday(hours("1969-12-31T23"), 2).tolist() == [1]


def test_holidays_of_auckland(auckland):
    # Anniversary Day of Auckland 2024-01-29 (a Monday), Matariki 2024-06-28 (a Friday)
    at = hours("2024-01-26T12", "2024-01-28T12", "2024-01-29T12", "2024-01-30T12", "2024-06-28T12")
    holidays = HolidayFeatures(at, auckland)
    assert holidays.holiday().tolist() == [0, 0, 1, 0, 1]
    assert holidays.holiday(1).tolist() == [0, 1, 0, 0, 0]
    assert holidays.holiday(-1).tolist() == [0, 0, 0, 1, 0]
    assert holidays.nonworking().tolist() == [0, 1, 1, 0, 1]
    assert holidays.nonworking(1).tolist() == [1, 1, 0, 0, 1]
    np.testing.assert_allclose(holidays.days_to()[:3], [3 / 14, 1 / 14, 0])
    np.testing.assert_allclose(holidays.days_since()[2:4], [0, 1 / 14])
    assert holidays.days_to()[3] == 7 / 14  # Waitangi Day


def test_the_turn_of_the_year(auckland):
    at = hours("2023-12-31T17", "2023-12-31T18", "2024-01-01T05", "2024-01-01T06", "2024-01-04T00")
    holidays = HolidayFeatures(at, auckland)
    assert holidays.new_year_night().tolist() == [0, 1, 1, 0, 0]
    assert holidays.shutdown().tolist() == [1, 1, 1, 1, 0]


def test_a_country_that_is_not_known():
    with pytest.raises(EdgeOpsError, match="does not know XX"):
        HolidayFeatures(hours("2024-01-01T00"), Site("UTC", country="XX")).holiday()
    with pytest.raises(EdgeOpsError, match="does not know NZ QQQ"):
        HolidayFeatures(hours("2024-01-01T00"), Site("UTC", country="NZ", subdivision="QQQ"))


def test_the_sun_of_auckland(auckland):
    # 2024-12-21: 5:58 to 20:40 in summer time; 2024-06-21: 7:33 to 17:12
    at = hours("2024-12-21T05", "2024-12-21T12", "2024-12-21T20", "2024-12-21T21", "2024-06-21T17")
    sun = SunFeatures(at, 1, auckland)
    np.testing.assert_allclose(sun.daylight(), [0.03, 1, 0.66, 0, 0.2], atol=0.03)
    assert sun.summer_time().tolist() == [1, 1, 1, 1, 0]
    np.testing.assert_allclose(sun.after_sunset()[3] * 12, 21.5 - 20.67, atol=0.03)
    np.testing.assert_allclose(sun.after_sunrise()[0] * 12, 5.5 - 5.97, atol=0.03)
    assert SunFeatures(hours("2024-12-21T18"), 6, auckland).daylight() == pytest.approx(
        2.66 / 6, abs=0.01
    )


def test_days_without_sunset_and_without_sunrise():
    tromso = Site("Europe/Oslo", 69.65, 18.96)
    at = hours("2024-06-21T00", "2024-12-21T12")
    assert SunFeatures(at, 1, tromso).daylight().tolist() == [1, 0]
