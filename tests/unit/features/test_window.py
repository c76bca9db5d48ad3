"""The windows that a model sees."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeops.errors import EdgeOpsError
from edgeops.features.registry import FEATURES
from edgeops.features.series import HourlySeries
from edgeops.features.spec import Base, Site, Smoothing, WindowSpec
from edgeops.features.window import WindowBuilder

HERE = Site("Pacific/Auckland", -36.8485, 174.7633, "NZ", "AUK")
FROM_COUNTS = (*FEATURES, "neighbour:b", "event:concert")
# Every kind of base, interval and smoothing once.
KINDS = {
    "hourly": {},
    "mean": {"base": Base("mean", 3), "outage_hours": 0},
    "decomposition": {"base": Base("decomposition", 4)},
    "mstl": {"base": Base("mstl", 4, tuple(np.sin(np.arange(168))))},
    "stl": {
        "base": Base("stl", 2, tuple(np.cos(np.arange(28)))),
        "interval": 6,
        "steps": 8,
        "horizon": 4,
    },
    "three hours": {"interval": 3, "steps": 16, "horizon": 8},
    "daily": {"interval": 24, "steps": 7, "horizon": 7},
    "smoothed": {"smoothing": Smoothing("moving-average", 3)},
    "exponential": {"smoothing": Smoothing("exponential", 2), "base": Base("median", 2)},
}


def builder(kind: str) -> WindowBuilder:
    return WindowBuilder(
        WindowSpec(features=FROM_COUNTS, columns=("a", "b"), site=HERE, **KINDS[kind])
    )


@pytest.fixture(scope="module")
def long_counts() -> HourlySeries:
    """Twenty weeks: enough for every kind, and for what is filled."""
    random = np.random.default_rng(7)
    hours = 20 * 168
    of_day = 100 - 80 * np.cos(np.arange(hours) / 24 * 2 * np.pi)
    values = random.poisson(np.stack([of_day, 3 * of_day], axis=1)).astype(float)
    values[random.random(values.shape) < 0.01] = np.nan
    values[2000:2030, 0] = 0.0
    return HourlySeries(np.datetime64("2024-02-01T05", "h"), ("a", "b"), values)


@pytest.fixture(scope="module")
def concert() -> HourlySeries:
    return HourlySeries(
        np.datetime64("2024-03-01T00", "h"),
        ("event:concert",),
        np.tile([[0.0], [1.0], [0.5]], (1000, 1)),
    )


@pytest.mark.parametrize("kind", KINDS)
def test_one_window_is_the_one_of_many_bit_by_bit(kind, long_counts, concert):
    build = builder(kind)
    interval = build.spec.interval
    many = build.windows(long_counts, known=concert)
    assert many.usable.all()
    assert many.values.dtype == np.float32
    assert many.values.shape[1:] == (build.spec.steps, len(FROM_COUNTS))
    for index in np.linspace(0, len(many.origins) - 1, 12).astype(int):
        end = long_counts.index(many.origins[index]) + interval
        if end < build.hours:
            continue
        window = build.window(long_counts.rows(0, end), concert)
        assert window.origins[0] == many.origins[index]
        assert window.scale[0] == many.scale[index]
        if end >= build.hours_to_keep:  # what was missing long ago was filled alike
            assert window.values[0].tobytes() == many.values[index].tobytes()
        kept = long_counts.rows(max(0, end - build.hours_to_keep), end)
        assert build.window(kept, concert).values.tobytes() == window.values.tobytes()


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0, 1))
def test_nothing_after_the_origin_matters(kind, long_counts, concert, seed, share):
    build = builder(kind)
    steps = len(build.steps(long_counts))
    first = build.hours // build.spec.interval
    origin = np.array([first + int(share * (steps - 1 - first))])
    end = long_counts.index(build.steps(long_counts)[origin[0]]) + build.spec.interval
    random = np.random.default_rng(seed)
    values = long_counts.values.copy()
    values[end:] = random.choice([0.0, 1.0, 1e6, np.nan], values[end:].shape)
    changed = HourlySeries(long_counts.start, long_counts.columns, values)
    before = build.windows(long_counts, origin, concert)
    after = build.windows(changed, origin, concert)
    assert before.values.tobytes() == after.values.tobytes()
    assert before.scale.tobytes() == after.scale.tobytes()
    assert before.usable.all()


def test_what_is_older_than_the_hours_of_a_window_never_matters(long_counts, concert):
    for kind in KINDS:
        build = builder(kind)
        whole = long_counts.values.copy()
        whole[np.isnan(whole) | (whole == 0)] = 1.0  # nothing to fill
        series = HourlySeries(long_counts.start, long_counts.columns, whole)
        just = series.rows(len(series) - build.hours, len(series))
        assert build.window(just, concert).usable.all(), kind
        long = build.windows(series, np.array([len(build.steps(series)) - 1]), concert)
        assert build.window(just, concert).values.tobytes() == long.values.tobytes(), kind


def window_of(features: tuple[str, ...], values: np.ndarray, **changes: object) -> np.ndarray:
    """The newest window (steps x features) of one column that ends at midnight of a Monday."""
    start = np.datetime64("2024-07-01T00", "h") - np.timedelta64(len(values), "h")
    series = HourlySeries(start, ("a",), np.asarray(values, float)[:, None])
    spec = WindowSpec(features, ("a",), HERE, **changes)  # type: ignore[arg-type]
    return WindowBuilder(spec).window(series).values[0]


def test_row_k_pairs_an_observed_hour_with_the_hour_to_forecast():
    rows = window_of(("dow_sun", "dow_mon", "hour_cos1", "step_day"), np.ones(10 * 168))
    assert rows[:, 0].tolist() == [0] * 24
    assert rows[:, 1].tolist() == [1] * 24  # the day to forecast
    assert rows[12, 2] == pytest.approx(-1)  # row 12: noon
    np.testing.assert_allclose(rows[:, 3], np.arange(1, 25) / 24, rtol=1e-6)


def test_a_series_that_repeats_every_week_has_no_deviation():
    week = np.random.default_rng(3).integers(10, 1000, 168)
    values = np.tile(week, 10)
    features = ("log_base", "log_y", "dev", "dev_ma24", "lag336_dev", "base8_dev", "base_spread4")
    rows = window_of(features, values)
    scale = values[-672:].mean() + 1
    np.testing.assert_allclose(rows[:, 0], np.log((values[:24] + 1) / scale), atol=1e-6)
    np.testing.assert_allclose(rows[:, 1], np.log((values[-24:] + 1) / scale), atol=1e-6)
    np.testing.assert_allclose(rows[:, 2:], 0, atol=1e-6)


def test_the_last_day_at_double_is_a_deviation():
    values = np.full(10 * 168, 99.0)
    values[-24:] = 199.0
    rows = window_of(("dev", "dev_ma6", "dev_lag24", "diff24", "dev_fade2", "dev_ewm12"), values)
    np.testing.assert_allclose(rows[:, 0], np.log(2), rtol=1e-6)
    assert rows[0, 1] == pytest.approx(np.log(2) / 6)
    assert rows[-1, 1] == pytest.approx(np.log(2))
    np.testing.assert_allclose(rows[:, 2], 0, atol=1e-9)
    np.testing.assert_allclose(rows[:, 3], np.log(2), rtol=1e-6)
    np.testing.assert_allclose(rows[:, 4], np.log(2) * np.exp(-np.arange(1, 25) / 2), rtol=1e-5)
    assert 0.7 < rows[-1, 5] / np.log(2) < 0.8  # 1 - 0.5 ** (24 / 12)


def test_a_missing_hour_has_no_deviation():
    values = np.full(10 * 168, 99.0)
    values[-5] = np.nan
    rows = window_of(("dev", "log_y", "diff1"), values)
    assert np.abs(rows).max() < 0.02


def test_profiles_are_of_days_that_are_over():
    values = np.full(10 * 168, 99.0)
    sunday = values[-24:]  # the series ends on a Sunday
    sunday[:] = 199.0
    rows = window_of(("prof_sun_dev", "prof_sat_dev"), values)
    np.testing.assert_allclose(rows, 0, atol=1e-9)  # the median of four Sundays
    values[-168 - 24 : -168] = 199.0
    values[-336 - 24 : -336] = 199.0
    rows = window_of(("prof_sun_dev",), values)
    np.testing.assert_allclose(rows, np.log(2), rtol=1e-6)


def test_decomposition_follows_the_trend():
    growth = 100 * 1.002 ** np.arange(12 * 168)  # doubles every two weeks
    median = window_of(("log_base",), growth)
    trend = window_of(("log_base",), growth, base=Base("decomposition", 4))
    ahead = 100 * 1.002 ** (len(growth) + np.arange(24))
    scale = growth[-672:].mean() + 1
    truth = np.log((ahead + 1) / scale)[:, None]
    assert np.abs(trend - truth).max() < 0.06
    assert np.abs(median - truth).min() > 0.5


def test_a_fitted_base_is_the_profile_on_the_newest_trend():
    shape = 1 + np.random.default_rng(5).random(168)  # of the week, from Monday on
    shape /= shape.mean()
    values = 1000 * np.tile(shape, 12)
    values[-168:] *= 2  # the level of the last week
    fitted = Base("mstl", profile=tuple(np.log(shape)))
    rows = window_of(("log_base", "dev"), values, base=fitted)
    scale = values[-672:].mean() + 1
    np.testing.assert_allclose(rows[:, 0], np.log(2001 * shape[:24] / scale), atol=1e-3)
    trend = [values[len(values) - ago - 167 : len(values) - ago + 1].mean() for ago in range(1, 25)]
    dev = np.log(values[-24:] / shape[-24:] / np.array(trend[::-1]))
    np.testing.assert_allclose(rows[:, 1], dev, atol=2e-3)


def test_neighbours_have_a_base_of_their_own():
    week = 500 + np.random.default_rng(3).integers(10, 1000, 168)
    start = np.datetime64("2024-07-01T00", "h") - np.timedelta64(10 * 168, "h")
    series = HourlySeries(start, ("a", "b"), np.tile(np.stack([week, week[::-1]], 1), (10, 1)))
    profile = tuple(np.zeros(168))
    spec = WindowSpec(("dev", "neighbour:b"), ("a",), HERE, base=Base("mstl", 4, profile))
    rows = WindowBuilder(spec).window(series).values[0]
    assert np.abs(rows[:, 0]).max() > 0.1
    np.testing.assert_allclose(rows[:, 1], 0, atol=1e-6)


def test_columns_that_are_known_ahead(long_counts):
    known = HourlySeries(
        long_counts.hours[-1] + np.timedelta64(3, "h"),
        ("event:concert", "weather:rain_mm"),
        np.array([[1.0, np.nan], [2.0, 0.5]]),
    )
    features = ("event:concert", "weather:rain_mm")
    rows = WindowBuilder(WindowSpec(features, ("a",), HERE)).window(long_counts, known).values[0]
    assert rows[:, 0].tolist() == [0, 0, 1, 2] + [0] * 20
    assert rows[:, 1].tolist() == [0, 0, 0, 0.5] + [0] * 20
    with pytest.raises(EdgeOpsError, match="`event:concert` needs columns that are known ahead"):
        WindowBuilder(WindowSpec(features, ("a",), HERE)).window(long_counts)


def test_too_little_history(long_counts):
    build = builder("hourly")
    with pytest.raises(EdgeOpsError, match=f"has 100 hours, a window needs {build.hours}"):
        build.window(long_counts.rows(0, 100))
    with pytest.raises(EdgeOpsError, match="outside"):
        build.windows(long_counts, np.array([10**6]))
    early = build.windows(
        long_counts,
        np.array([10, 3000]),
        HourlySeries(long_counts.start, ("event:concert",), np.zeros((1, 1))),
    )
    assert early.usable.tolist() == [False, True]


def test_a_sensor_without_values_makes_no_window():
    start = np.datetime64("2024-01-01T00", "h")
    silent = HourlySeries(start, ("a",), np.full((3000, 1), np.nan))
    spec = WindowSpec(("log_base", "dev"), ("a",), HERE)
    assert not WindowBuilder(spec).window(silent).usable.any()
