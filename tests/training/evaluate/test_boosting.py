"""The baseline of boosted trees."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgeops.training.evaluate.baselines import BASELINES
from edgeops.training.evaluate.boosting import boosting_version, fit_boosting, parameters_for
from edgeops.training.evaluate.metrics import score

FEW = {"rows": 30_000, "rounds": 60}
STRIDE = 7  # hours between origins: all hours of the day come


@pytest.fixture(scope="module")
def train(auckland):
    return auckland.samples("cbd-total", "train", STRIDE)


@pytest.fixture(scope="module")
def validation(auckland):
    return auckland.samples("cbd-total", "validation", STRIDE)


@pytest.fixture(scope="module")
def boosting(train, validation):
    return fit_boosting([train], [validation], **FEW)


def wape(forecasts):
    return score(forecasts.actual, forecasts.values, (0.5,), 1).wape


def test_a_few_trees_are_far_better_than_last_week(boosting, validation):
    forecasts = boosting.forecast(validation)
    assert wape(forecasts) < 0.75 * wape(BASELINES["seasonal-naive-168h"](validation))
    assert forecasts.values.shape == (*validation.actual.shape, 1)
    assert np.array_equal(forecasts.origins, validation.origins)


def test_trees_summed_in_parts_are_all_trees(boosting, validation, monkeypatch):
    whole = boosting.forecast(validation).values
    monkeypatch.setattr("edgeops.training.evaluate.boosting._TREES", 7)
    assert boosting.forecast(validation).values == pytest.approx(whole, rel=1e-12)


def test_what_happened_is_not_looked_at(boosting, validation):
    blind = replace(validation, actual=np.full_like(validation.actual, np.nan))
    assert np.array_equal(boosting.forecast(blind).values, boosting.forecast(validation).values)


def test_one_window_gives_what_many_give(boosting, validation):
    which = np.array([17])
    alone = boosting.forecast(validation.chosen(which)).values
    assert np.array_equal(alone, boosting.forecast(validation).values[which])


def test_the_same_data_gives_the_same_trees(boosting, train, validation):
    again = fit_boosting([train], [validation], **FEW)
    assert again.booster.model_to_string() == boosting.booster.model_to_string()


def test_targets_that_are_unknown_are_left_out(train, validation):
    hidden = train.actual.copy()
    hidden[::2, 5:] = np.nan
    partly_known = replace(train, actual=hidden)
    forecasts = fit_boosting([partly_known], [validation], rows=5000, rounds=5).forecast(validation)
    assert np.isfinite(forecasts.values).all()


def test_several_series_without_a_seasonal_base(train, validation):
    kept = [index for index, name in enumerate(train.features) if name != "log_base"]

    def without(samples, factor):
        """A street with `factor` times as many people, and windows without `log_base`."""
        return replace(
            samples,
            features=tuple(samples.features[index] for index in kept),
            windows=samples.windows[:, :, kept],
            scale=samples.scale * factor,
            actual=(samples.actual + 1) * factor - 1,
        )

    streets = [without(train, 1), without(train, 0.1)]
    boosting = fit_boosting(streets, [without(validation, 1), without(validation, 0.1)], **FEW)
    large, small = (boosting.forecast(without(validation, factor)) for factor in (1, 0.1))
    level = np.broadcast_to(validation.scale[:, None, None] - 1, large.values.shape)
    assert wape(large) < 0.7 * wape(replace(large, values=level))
    assert small.values == pytest.approx((large.values + 1) * 0.1 - 1)


@pytest.mark.parametrize(("rows", "leaf"), [(100, 20), (60_000, 40), (299_999, 199), (10**6, 200)])
def test_few_rows_have_small_leaves(rows, leaf):
    assert parameters_for(rows)["min_data_in_leaf"] == leaf


def test_the_version_is_that_of_the_recipe():
    assert boosting_version() == boosting_version()
    assert len(boosting_version()) == 64
