"""The typical week, and the error of each day."""

from datetime import date

import numpy as np
import pytest

from edgeops.report.plots.days import DayError, day_errors, typical_week, worst_days
from edgeops.training.forecasts import Forecasts

MONDAY = np.datetime64("2024-07-01T00")


def _forecasts(weeks, horizon=24, interval=1, start=MONDAY, value=110.0):
    """Origins every step, from the one that ends at `start`; 100 happens in every step."""
    count = weeks * 168 // interval
    step = np.timedelta64(interval, "h")
    origins = start + (np.arange(count) - 1) * step
    values = np.full((count, horizon, 3), value) + np.array([-20.0, 0, 20])
    return Forecasts(
        "s", origins, np.full((count, horizon), 100.0), values, (0.1, 0.5, 0.9), interval
    )


def test_the_week_of_median_error():
    forecasts = _forecasts(3)
    for week, error in enumerate((30, 5, 10)):
        forecasts.values[week * 168 : (week + 1) * 168] += error
    week = typical_week(forecasts)
    assert week.hours[0] == MONDAY + np.timedelta64(14, "D")
    assert len(week.hours) == 168
    assert week.wape == pytest.approx(0.2)
    assert (week.made, week.every, week.weeks) == (0, 24, 3)


def test_each_hour_has_the_forecast_of_the_midnight_before():
    forecasts = _forecasts(1)
    forecasts.values[:, :, 1] = np.arange(168)[:, None] + np.arange(24) / 100
    week = typical_week(forecasts)
    expected = (np.arange(7) * 24)[:, None] + np.arange(24) / 100
    assert np.array_equal(week.values[:, 1], expected.ravel())


def test_weeks_that_are_not_whole_are_not_chosen():
    start = MONDAY + np.timedelta64(2, "D")  # five days, a week, two days
    week = typical_week(_forecasts(2, start=start))
    assert week.hours[0] == MONDAY + np.timedelta64(7, "D")
    assert week.weeks == 1


def test_short_horizons_follow_each_other():
    week = typical_week(_forecasts(2, horizon=6))
    assert (week.made, week.every) == (0, 6)
    assert not np.isnan(week.values).any()


@pytest.mark.parametrize(("interval", "steps"), [(3, 56), (24, 7)])
def test_longer_steps(interval, steps):
    week = typical_week(_forecasts(2, horizon=4, interval=interval))
    assert week.actual.tolist() == [100.0] * steps


def test_a_week_in_which_nothing_happened():
    forecasts = _forecasts(1, value=0.0)
    forecasts.actual[:] = 0
    assert typical_week(forecasts).wape == 0


def test_the_error_of_a_day_is_what_was_not_forecast():
    forecasts = _forecasts(2, value=90.0)
    errors = day_errors(forecasts)
    assert errors[0] == DayError(date(2024, 7, 1), pytest.approx(0.1))
    assert [error.day.day for error in errors] == list(range(1, 16))  # of the 15th all but an hour


def test_a_day_of_few_hours_does_not_count():
    forecasts = _forecasts(1, horizon=7)
    assert [error.day.day for error in day_errors(forecasts)] == list(range(1, 8))


def test_unknown_hours_do_not_count():
    forecasts = _forecasts(1)
    third = forecasts.targets.astype("datetime64[D]") == np.datetime64("2024-07-03")
    forecasts.actual[third] = np.nan
    assert date(2024, 7, 3) not in [error.day for error in day_errors(forecasts)]


def test_the_worst_days_up_or_down():
    errors = [DayError(date(2024, 7, n), share) for n, share in ((1, 0.1), (2, -0.4), (3, 0.2))]
    assert [error.day.day for error in worst_days(errors, 2)] == [2, 3]


@pytest.mark.slow
def test_christmas_is_among_the_worst_of_2024(forecasts):
    worst = {error.day for error in worst_days(day_errors(forecasts))}
    assert {date(2024, 12, 25), date(2024, 12, 27)} < worst
