"""A replay widens intervals by what was known before each forecast, and by nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeops.features.series import HourlySeries
from edgeops.features.spec import Site, WindowSpec
from edgeops.quality.judging import HOURS, Judging
from edgeops.quality.kept import observed
from edgeops.quality.margins import rolling_margins, widened
from edgeops.training.forecasts import Forecasts
from edgeops.training.replay import as_issued

START = np.datetime64("2024-03-28T00", "h")
H = np.timedelta64(1, "h")
SPEC = WindowSpec(("log_base",), ("gate",), Site("UTC"), horizon=24)
QUANTILES = (0.1, 0.3, 0.5, 0.9)
HOURS_OF_ALL = 24 * 50


def counts(random: np.random.Generator) -> HourlySeries:
    values = random.gamma(9, 10, (HOURS_OF_ALL, 1))
    values[random.random(values.shape) < 0.1] = np.nan
    return HourlySeries(START, ("gate",), values)


def raw(random: np.random.Generator, quantiles=QUANTILES) -> Forecasts:
    rows = np.flatnonzero(random.random(HOURS_OF_ALL - 24) < 0.3)
    values = np.sort(random.gamma(9, 10, (len(rows), 24, len(quantiles))), axis=2)
    return Forecasts("gate", START + rows * H, np.full((len(rows), 24), 1.0), values, quantiles)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 30), st.booleans())
def test_each_forecast_has_the_margins_that_a_device_has_on_its_day(seed, days, is_released):
    random = np.random.default_rng(seed)
    of, forecasts = counts(random), raw(random)
    judging = Judging(0.8, tuple(np.linspace(-0.2, 0.3, HOURS)) if is_released else (), days)
    issued = as_issued(forecasts, judging, SPEC, of)
    assert issued.kept is not None
    for at in range(0, len(forecasts.origins), 40):
        before = issued.kept.chosen(np.arange(at))
        known = of.rows(0, int((forecasts.origins[at] - START) / H) + 1)
        today = (forecasts.origins[at] + H).astype("datetime64[D]")
        margins = rolling_margins(before, observed(known, SPEC), today, judging, SPEC.unit)
        steps = margins[forecasts.hour_of_day[at]]
        assert np.array_equal(issued.kept.margins[at], steps)
        assert np.array_equal(issued.values[at], widened(forecasts.values[at], steps, SPEC.unit))
    assert np.array_equal(issued.kept.values, forecasts.values[:, :, [0, 2, 3]])
    assert np.array_equal(issued.point, forecasts.point)


def test_a_model_without_margins_is_as_it_is():
    random = np.random.default_rng(1)
    of, forecasts = counts(random), raw(random)
    assert as_issued(forecasts, Judging(), SPEC, of) is forecasts
    median = replace(forecasts, values=forecasts.values[:, :, 2:3], quantiles=(0.5,))
    assert as_issued(median, Judging(0.8, days=30), SPEC, of) is median
