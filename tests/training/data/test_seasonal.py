"""The profile of the week comes from the training part alone, and fits real data."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from edgeops.errors import EdgeOpsError
from edgeops.features.series import HourlySeries
from edgeops.features.window import WindowBuilder
from edgeops.training.data.load import split_of, window_spec
from edgeops.training.data.seasonal import Fit, seasonal_profile
from edgeops.training.data.split import Period, Split, parts
from edgeops.training.data.targets import target, targets_of

START = np.datetime64("2024-01-01T00", "h")  # a Monday
FIT = Fit(
    "mstl",
    1,
    12,
    Split(*(np.datetime64(day, "D") for day in ("2024-03-31", "2024-04-30", "2024-05-31"))),
)


def excluding(period: Period) -> Fit:
    return replace(FIT, split=replace(FIT.split, excluded=(period,)))


def shape(seed: int, interval: int = 1) -> np.ndarray:
    """Counts of the hours of a week, as sums over steps."""
    of_day = 500 - 400 * np.cos(np.arange(168) / 24 * 2 * np.pi)
    noise = np.random.default_rng(seed).uniform(0.8, 1.2, 168)
    return (of_day * noise).reshape(-1, interval).sum(axis=1)


@pytest.fixture
def counts() -> HourlySeries:
    """Twenty weeks of two series that repeat each week and grow."""
    growth = np.linspace(1, 2, 20 * 168)[:, None]
    weeks = np.tile(np.stack([shape(1), shape(2)], axis=1), (20, 1))
    return HourlySeries(START, ("a", "b"), np.round(growth * weeks))


def changed(counts: HourlySeries, first: str, days: int) -> HourlySeries:
    values = counts.values.copy()
    row = counts.index(np.datetime64(first, "h"))
    values[row : row + 24 * days] = np.random.default_rng(0).integers(0, 9999, (24 * days, 2))
    return HourlySeries(counts.start, counts.columns, values)


@pytest.mark.parametrize("kind", ["stl", "mstl"])
@pytest.mark.parametrize("interval", [1, 3, 24])
def test_the_shape_of_the_week_is_found(counts, kind, interval):
    fit = replace(FIT, kind=kind, interval=interval)
    profile = seasonal_profile(counts, (("a",),), fit)
    expected = shape(1, interval) / shape(1, interval).mean()
    np.testing.assert_allclose(np.exp(profile), expected, rtol=0.03)
    assert np.mean(np.exp(profile)) == pytest.approx(1, abs=1e-5)


def test_of_several_targets_it_is_the_mean(counts):
    alone = [seasonal_profile(counts, ((name,),), FIT) for name in ("a", "b")]
    both = seasonal_profile(counts, (("a",), ("b",)), FIT)
    np.testing.assert_allclose(both, np.mean(alone, axis=0), atol=0.01)
    assert both != seasonal_profile(counts, (("a", "b"),), FIT)


@pytest.mark.parametrize("kind", ["stl", "mstl"])
def test_nothing_after_training_matters(counts, kind):
    fit = replace(FIT, kind=kind)
    later = changed(counts, "2024-04-01T00", 49)
    assert seasonal_profile(later, (("a",),), fit) == seasonal_profile(counts, (("a",),), fit)
    before = changed(counts, "2024-03-01T00", 20)
    assert seasonal_profile(before, (("a",),), fit) != seasonal_profile(counts, (("a",),), fit)


def test_excluded_weeks_do_not_count(counts):
    odd = changed(counts, "2024-02-05T00", 28)
    period = Period(np.datetime64("2024-02-05", "D"), np.datetime64("2024-03-03", "D"))
    expected = np.log(shape(1) / shape(1).mean())
    with_it = seasonal_profile(odd, (("a",),), FIT)
    without = seasonal_profile(odd, (("a",),), excluding(period))
    errors = [np.abs(np.array(one) - expected).mean() for one in (with_it, without)]
    assert errors[1] < 0.8 * errors[0]
    everything = Period(np.datetime64("2023-01-01", "D"), np.datetime64("2024-12-31", "D"))
    with pytest.raises(EdgeOpsError, match="all weeks of the last year of training are excluded"):
        seasonal_profile(counts, (("a",),), excluding(everything))


def test_gaps_are_bridged_for_the_fit(counts):
    values = counts.values.copy()
    values[100:160] = values[700] = np.nan
    gappy = HourlySeries(counts.start, counts.columns, values)
    profile = seasonal_profile(gappy, (("a",),), FIT)
    np.testing.assert_allclose(np.exp(profile), shape(1) / shape(1).mean(), rtol=0.05)


def test_too_little_training(counts):
    short = replace(FIT, split=replace(FIT.split, train_until=np.datetime64("2024-01-20", "D")))
    with pytest.raises(EdgeOpsError, match="has 480 values for the base `mstl`") as caught:
        seasonal_profile(counts, (("a",),), short)
    assert caught.value.hint == "it needs 672 (four weeks); use the base `median` instead"


def test_the_package_is_not_installed(counts, monkeypatch):
    monkeypatch.setitem(sys.modules, "statsmodels.tsa.seasonal", None)
    with pytest.raises(EdgeOpsError, match="the package statsmodels is not installed") as caught:
        seasonal_profile(counts, (("b",),), replace(FIT, outage_hours=99))
    assert caught.value.hint == "pip install 'edgeops[train]'"


@pytest.fixture
def adjusted(crowdedness) -> Callable[..., object]:
    """The shipped model with another seasonal adjustment."""

    def make(kind: str, **target_: object) -> object:
        spec = dict(crowdedness.spec)
        spec["transforms"] = {"seasonalAdjustment": {"kind": kind}}
        spec["target"] = spec["target"] | target_
        return replace(crowdedness, spec=spec)

    return make


@pytest.mark.parametrize(
    ("kind", "validation", "test"),
    [
        ("median", 11.87, 9.82),
        ("decomposition", 10.10, 9.38),
        ("stl", 9.51, 9.59),
        ("mstl", 9.61, 9.69),
    ],
)
def test_how_good_each_base_is_on_the_real_data(
    adjusted, auckland, streets, kind, validation, test
):
    model = adjusted(kind)
    builder = WindowBuilder(window_spec(model, streets, auckland.series))
    split = replace(split_of(model), excluded=())
    found = parts(split, builder.steps(auckland.series), 24, 1)
    actual = target(auckland.series, streets, 12, 1)
    for part, wape in (("validation", validation), ("test", test)):
        origins = found[part][::5]
        base = WindowBuilder(replace(builder.spec, features=("log_base",)))
        windows = base.windows(auckland.series, origins)
        forecast = windows.scale[:, None] * np.exp(windows.values[:, :, 0].astype(float)) - 1
        y = targets_of(actual, origins, 24)
        assert 100 * np.abs(y - forecast).sum() / y.sum() == pytest.approx(wape, abs=0.1)


def test_the_streets_of_a_pooled_model_share_a_profile(adjusted, auckland):
    names = ["150 K Road", "210 Queen Street"]
    model = adjusted("stl", columns=names, combine="pool", **{"except": []})
    profiles = {window_spec(model, (name,), auckland.series).base.profile for name in names}
    assert [len(profile) for profile in profiles] == [168]
