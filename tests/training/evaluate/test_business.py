"""What forecasts mean to who plans by them: figures on examples, and what is always true."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.training.evaluate.business import business_figures, first_hour, planned_days
from edgeops.training.forecasts import Forecasts

DAYS = 3
LUNCH = (11, 12, 13)


def made(observed, planned, hours=range(24), horizon=24, series="street") -> Forecasts:
    """Forecasts at these hours of the day, from hourly values and the plan made at each origin.

    `planned` gets the origin's row and the rows of its steps.
    """
    observed = np.asarray(observed, float)
    rows = np.array([row for row in range(len(observed) - horizon) if row % 24 in hours])
    steps = rows[:, None] + 1 + np.arange(horizon)
    origins = np.datetime64("2024-01-01T00") + rows * np.timedelta64(1, "h")
    values = np.array([planned(row, ahead) for row, ahead in zip(rows, steps, strict=True)])
    return Forecasts(series, origins, observed[steps], values.astype(float)[:, :, None])


def plan_of(values):
    """A plan that is the same whenever it is made."""
    return lambda _row, steps: np.asarray(values, float)[steps]


@pytest.fixture
def counts():
    """Five days of counts, with a peak at 12."""
    return np.tile([1.0 + min(hour, 24 - hour) for hour in range(24)], 5)


def test_a_perfect_plan(counts):
    figures = business_figures([made(counts, plan_of(counts))], ())
    assert (figures.error, figures.days_off, figures.over, figures.under) == (0, 0, 0, 0)
    assert figures.peaks_missed == 0
    assert figures.days == 4  # the first has no forecast before it
    assert figures.value == pytest.approx(np.mean(counts))


def test_too_much_is_over_too_little_is_under(counts):
    more, less = (made(counts, plan_of(factor * counts)) for factor in (1.2, 0.7))
    assert business_figures([more], ()).over == pytest.approx(0.2)
    assert business_figures([less], ()).under == pytest.approx(0.3)
    both = business_figures([more, less], ())
    assert (both.over, both.under) == (pytest.approx(0.1), pytest.approx(0.15))
    assert both.days == 8


@pytest.mark.parametrize(("factor", "off"), [(1.09, 0), (1.11, 1), (0.91, 0), (0.89, 1)])
def test_a_day_is_off_by_more_than_a_tenth(counts, factor, off):
    assert business_figures([made(counts, plan_of(factor * counts))], ()).days_off == off


@pytest.mark.parametrize(("moved", "missed"), [(0, 0), (1, 0), (-1, 0), (2, 1), (-3, 1)])
def test_the_busiest_hour_may_be_missed_by_one(counts, moved, missed):
    forecasts = made(counts, plan_of(np.roll(counts, moved)))
    assert business_figures([forecasts], ()).peaks_missed == missed


def test_the_plan_of_a_day_is_the_last_forecast_before_its_first_hour(counts):
    def only_at(hour):
        return lambda row, steps: counts[steps] * (1 if row % 24 == hour else 2)

    assert business_figures([made(counts, only_at(23))], ()).over == 0
    assert business_figures([made(counts, only_at(22))], ()).over == pytest.approx(1)
    assert business_figures([made(counts, only_at(10), hours=(9, 10))], LUNCH).over == 0
    morning = made(counts, only_at(9), hours=(7, 8, 9))
    assert business_figures([morning], LUNCH).over == 0
    assert business_figures([morning], LUNCH).error > 0  # of all three forecasts


def test_hours_that_no_forecast_before_reaches_are_no_plan(counts):
    assert business_figures([made(counts, plan_of(counts), horizon=6)], ()).days == 0
    assert business_figures([made(counts, plan_of(counts), horizon=6)], LUNCH).days == 5
    late = business_figures([made(counts, plan_of(counts), hours=(12,))], ())
    assert late.days == 0
    assert math.isnan(late.days_off)
    assert late.error == 0


def test_a_shift_over_midnight_is_one_day(counts):
    shift = (22, 23, 0, 1, 2)
    days = planned_days(made(counts, plan_of(counts)), shift)
    assert days.at.tolist() == [0, 1, 2, 3, 4]
    assert days.observed[0].tolist() == [*counts[22:24], *counts[24:27]]


def test_the_first_hour_follows_the_longest_pause():
    assert first_hour([*range(24)]) == 0
    assert first_hour([6, 7, 8]) == 6
    assert first_hour([0, 1, 22, 23]) == 22
    assert first_hour([7, 8, 17, 18]) == 7


def test_a_day_needs_most_of_its_hours_and_somebody_who_came(counts):
    gaps = counts.copy()
    gaps[24:30] = np.nan  # 6 of 24
    gaps[48:55] = np.nan  # 7 of 24
    assert business_figures([made(gaps, plan_of(counts))], ()).days == 3
    closed = counts.copy()
    closed[24:48] = 0
    figures = business_figures([made(closed, plan_of(closed + 0.1))], ())
    assert figures.days == 3
    assert figures.days_off == 0


def test_where_values_can_be_below_zero_there_are_no_shares(counts):
    degrees = counts - 8
    figures = business_figures([made(degrees, plan_of(degrees + 1))], ())
    assert figures.error == pytest.approx(1)
    assert figures.peaks_missed == 0
    assert all(map(math.isnan, (figures.days_off, figures.over, figures.under)))


def test_a_model_of_an_hour_or_two_has_no_peak(counts):
    forecasts = made(counts, plan_of(counts))
    assert math.isnan(business_figures([forecasts], (11, 12)).peaks_missed)
    assert business_figures([forecasts], LUNCH).peaks_missed == 0


def test_steps_of_three_hours():
    random = np.random.default_rng(1)
    observed = random.uniform(1, 9, 8 * 6)
    rows = np.arange(len(observed) - 8)
    steps = rows[:, None] + 1 + np.arange(8)
    origins = np.datetime64("2024-01-01T00") + 3 * rows * np.timedelta64(1, "h")
    forecasts = Forecasts("s", origins, observed[steps], observed[steps][:, :, None], interval=3)
    figures = business_figures([forecasts], ())
    assert (figures.days, figures.error, figures.peaks_missed) == (5, 0, 0)
    assert planned_days(forecasts, (9, 12)).at.tolist() == [0, 3]


def test_an_hour_that_is_never_forecast(counts):
    figures = business_figures([made(counts, plan_of(counts), hours=(7,), horizon=3)], LUNCH)
    assert (figures.count, figures.days) == (0, 0)
    assert math.isnan(figures.error)


ANY = st.integers(0, 2**32 - 1)
HOURS = st.sets(st.integers(0, 23), max_size=24).map(lambda hours: tuple(sorted(hours)))


def some(seed: int, spread: float = 0.4) -> Forecasts:
    random = np.random.default_rng(seed)
    observed = random.gamma(2, 50, 24 * (DAYS + 2)).round()
    observed[random.random(len(observed)) < 0.1] = np.nan
    return made(
        observed, lambda _row, steps: random.lognormal(4.5, spread, len(steps)), series=str(seed)
    )


@given(ANY, HOURS)
def test_what_is_always_true(seed, hours):
    forecasts = some(seed)
    figures = business_figures([forecasts], hours)
    shares = (figures.days_off, figures.peaks_missed)
    assert all(math.isnan(share) or 0 <= share <= 1 for share in shares)
    days = planned_days(forecasts, hours)
    assert figures.days == len(days.planned)
    if figures.days:
        bias = np.nansum(days.planned) / np.nansum(days.observed) - 1
        error = np.nansum(np.abs(days.planned - days.observed)) / np.nansum(days.observed)
        assert figures.over - figures.under == pytest.approx(bias)
        assert figures.over + figures.under == pytest.approx(error)


@given(ANY, HOURS, st.sampled_from([0.01, 4.0, 1000.0]))
def test_another_unit_changes_no_share(seed, hours, factor):
    forecasts = some(seed)
    scaled = replace(forecasts, actual=factor * forecasts.actual, values=factor * forecasts.values)
    one, other = (business_figures([each], hours) for each in (forecasts, scaled))
    assert (other.value, other.error) == pytest.approx(
        (factor * one.value, factor * one.error), nan_ok=True
    )
    assert (other.days_off, other.over, other.under, other.peaks_missed) == pytest.approx(
        (one.days_off, one.over, one.under, one.peaks_missed), nan_ok=True
    )


@given(ANY, HOURS)
def test_several_series_are_judged_day_by_day(seed, hours):
    one, other = some(seed), some(seed + 1)
    figures = [business_figures(each, hours) for each in ([one], [other], [one, other])]
    assert figures[2].days == figures[0].days + figures[1].days
    both = figures[0].days, figures[1].days
    if all(both):
        shares = [figures[0].days_off, figures[1].days_off]
        assert figures[2].days_off == pytest.approx(np.average(shares, weights=both))


@given(ANY, HOURS)
def test_the_days_of_a_plain_loop(seed, hours):
    forecasts = some(seed)
    judged = hours or tuple(range(24))
    begin, horizon = first_hour(sorted(judged)), forecasts.actual.shape[1]
    rows = {int(at): row for row, at in enumerate(forecasts.origins.astype(np.int64))}
    off = []
    for day in range(min(rows) // 24 - 1, max(rows) // 24 + 2):
        origin = max((at for at in rows if at < 24 * day + begin), default=None)
        if origin is None:
            continue
        late = 24 * day + begin - origin - 1
        steps = [late + (hour - begin) % 24 for hour in judged]
        if max(steps) >= horizon:
            continue
        observed = forecasts.actual[rows[origin], steps]
        known = ~np.isnan(observed)
        total = observed[known].sum()
        if known.sum() >= 0.75 * len(steps) and total:
            planned = forecasts.point[rows[origin], steps][known].sum()
            off.append(abs(planned - total) > 0.1 * total)
    figures = business_figures([forecasts], hours)
    assert figures.days == len(off)
    assert not off or figures.days_off == pytest.approx(np.mean(off))
