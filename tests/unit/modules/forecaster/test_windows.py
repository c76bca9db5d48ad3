"""Models whose window is of features: what is silent, young, negative, or between two clocks."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import numpy as np
import pytest

from edgeops.features.registry import FEATURES
from edgeops.features.spec import THIS_SERIES, Base, Hour, Site, Unit, WindowSpec
from edgeops.features.spec_json import to_json
from edgeops.modules.forecaster.desired import ForecasterSettings
from edgeops.modules.forecaster.forecaster import Forecaster
from edgeops.modules.forecaster.history import History
from edgeops.modules.forecaster.hours import NotReady
from edgeops.modules.forecaster.metadata import ModelError
from edgeops.modules.forecaster.model import Keeper, LoadedModel, load_model
from edgeops.modules.forecaster.observations import HOUR, Observation
from edgeops.modules.forecaster.recorder import Recorder

NOW = 438_300  # an hour in January 2020
AUCKLAND = Site("Pacific/Auckland", -36.8485, 174.7633, "NZ", "AUK")


def spec_of(**changes: Any) -> WindowSpec:
    """A window that needs little more than a week: the base is that of last week."""
    base = {
        "features": ("log_base", "log_y"),
        "columns": ("east", "west", "south"),
        "site": Site("UTC"),
        "horizon": 6,
        "base": Base("median", 1),
        "level_hours": 168,
    }
    return WindowSpec(**(base | changes))


@pytest.fixture
def load(storage, seasonal_model) -> Callable[..., LoadedModel]:
    def go(spec: WindowSpec, **says: str) -> LoadedModel:
        return load_model(storage.put(seasonal_model(spec, **says)))

    return go


def history(series: Mapping[str, np.ndarray], end: int) -> History:
    """The last hours before `end` (counted from 1970); NaN is a gap."""
    made = History()
    for name, values in series.items():
        hours = enumerate(values.tolist(), start=end - len(values))
        made.add(Observation(at * HOUR, name, value) for at, value in hours if value == value)
    return made


def weekly(hours: int, seed: int = 0) -> np.ndarray:
    """Counts that repeat every week."""
    week = np.random.default_rng(seed).integers(20, 1000, 168).astype(float)
    return np.tile(week, hours // 168 + 1)[:hours]


def three(hours: int = 400) -> dict[str, np.ndarray]:
    return {name: weekly(hours, seed) for seed, name in enumerate(("east", "west", "south"))}


def test_counts_that_repeat_are_forecast_to_repeat(load):
    model, series = load(spec_of()), three()
    window = model.window_maker.make(history(series, NOW), None, NOW * HOUR + 1)
    assert window.hours == tuple(range(NOW, NOW + 7))
    again = sum(values[-168:-162] for values in series.values())
    assert model.forecast(window)[:, 0] == pytest.approx(again, rel=1e-5)


def test_a_window_says_which_hours_it_rests_on(load):
    model, series = load(spec_of()), three()
    series["west"][-20:-18] = np.nan
    series["south"][-19:-17] = np.nan
    window = model.window_maker.make(history(series, NOW), None, NOW * HOUR)
    assert (window.observed_from, window.starts[0], window.missing) == (NOW - 193, NOW * HOUR, 3)


def test_an_hour_that_the_clock_skips_is_not_missing(load):
    model = load(spec_of(columns=("east",), site=AUCKLAND))
    end = int(datetime.fromisoformat("2024-09-30T00:00+13:00").timestamp()) // HOUR
    window = model.window_maker.make(history({"east": weekly(800)}, end), None, end * HOUR)
    assert window.missing == 0


def test_a_sensor_that_falls_silent_counts_as_usual_and_stops_nothing(load):
    model, series = load(spec_of()), three()
    whole = model.window_maker.make(history(series, NOW), None, NOW * HOUR)
    series["west"][-20:] = np.nan
    silent = model.window_maker.make(history(series, NOW), None, NOW * HOUR)
    assert silent.hours == whole.hours
    np.testing.assert_allclose(silent.values, whole.values, atol=1e-5)


def test_the_window_ends_with_the_newest_hour_of_half_the_sensors(load):
    model, series = load(spec_of()), three()
    series["east"][-1:] = series["west"][-3:] = series["south"][-4:] = np.nan
    window = model.window_maker.make(history(series, NOW), None, NOW * HOUR)
    assert window.hours[0] == NOW - 3  # of the hour before that two of three have a value


def test_a_negative_number_is_missing(load):
    model, series = load(spec_of()), three()
    whole = model.window_maker.make(history(series, NOW), None, NOW * HOUR)
    series["south"][-5] = -1
    mended = model.window_maker.make(history(series, NOW), None, NOW * HOUR)
    np.testing.assert_allclose(mended.values, whole.values, atol=1e-5)


def test_a_young_history_says_how_far_it_is(load):
    model, series = load(spec_of()), three()
    series["west"][:-30] = np.nan
    with pytest.raises(NotReady, match="west has 30 of the 193 hours that the model needs"):
        model.window_maker.make(history(series, NOW), None, NOW * HOUR)
    with pytest.raises(NotReady, match="east has 100 of the 193 hours"):
        model.window_maker.make(history(three(100), NOW), None, NOW * HOUR)
    with pytest.raises(NotReady, match="no full hour yet with 2 of east, west, south"):
        model.window_maker.make(History(), None, NOW * HOUR)


class TestPooled:
    """A model of any one series."""

    @pytest.fixture
    def model(self, load) -> LoadedModel:
        return load(spec_of(columns=(THIS_SERIES,)))

    def test_the_series_that_the_twin_names_is_forecast(self, model):
        series = three()
        for name, values in series.items():
            window = model.window_maker.make(history(series, NOW), name, NOW * HOUR)
            assert model.forecast(window)[:, 0] == pytest.approx(values[-168:-162], rel=1e-5)

    def test_the_only_series_is_forecast_where_the_twin_names_none(self, model):
        only = history({"150 K Road": weekly(400)}, NOW)
        window = model.window_maker.make(only, None, NOW * HOUR)
        named = model.window_maker.make(only, "150 K Road", NOW * HOUR)
        assert window.values.tobytes() == named.values.tobytes()

    def test_an_error_says_which_series_or_hour_is_missing(self, model):
        with pytest.raises(NotReady, match="the history has 3 series; the desired property"):
            model.window_maker.make(history(three(), NOW), None, NOW * HOUR)
        with pytest.raises(NotReady, match="no observations yet; the desired property `series`"):
            model.window_maker.make(History(), None, NOW * HOUR)
        with pytest.raises(NotReady, match="no full hour yet with north"):
            model.window_maker.make(history(three(), NOW), "north", NOW * HOUR)


def spec_with(path: str, value: Any) -> str:
    spec = to_json(spec_of())
    part: Any = spec
    *keys, last = path.split(".")
    for key in keys:
        part = part[key]
    part[last] = value
    return json.dumps(spec)


@pytest.mark.parametrize(
    ("says", "message"),
    [
        ({"window_spec": "null"}, "window_spec must be an object"),
        (
            {
                "window_spec": spec_with("features", ["log_base", "moon"]),
                "inputs": '["log_base","moon"]',
            },
            "there is no feature `moon`",
        ),
        ({"window_spec": spec_with("phase", 1)}, "window_spec has the unknown key `phase`"),
        ({"window_spec": spec_with("horizon", 7)}, "window_spec contradicts horizon"),
        ({"window_spec": spec_with("steps", 25)}, "window_spec contradicts window_steps"),
        ({"inputs": '["log_y","log_base"]'}, "window_spec contradicts inputs"),
        ({"window_spec": spec_with("site.zone", "Mars/Base")}, "`Mars/Base` is not a time zone"),
        (
            {"window_spec": spec_with("site.zone", "Australia/Lord_Howe")},
            "Australia/Lord_Howe is +10.5 or +11 hours from UTC: its hours begin at other minutes"
            " in summer",
        ),
        (
            {"window_spec": spec_with("base.weeks", 26)},
            "the model needs 5,077 hours of history, the device keeps 2,688",
        ),
    ],
)
def test_a_model_that_no_window_can_be_made_for_is_refused(load, says, message):
    with pytest.raises(ModelError) as caught:
        load(spec_of(), **says)
    assert (caught.value.code, caught.value.message) == (
        "BadMetadata",
        f"in the model's metadata, {message}",
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"features": ("log_base", "hol")}, "needs a country"),
        (
            {"features": ("log_base", "hol"), "site": Site("UTC", country="XX")},
            "the package holidays does not know XX",
        ),
    ],
)
def test_a_window_is_tried_before_a_model_is_used(load, changes, message):
    with pytest.raises(ModelError, match=message):
        load(spec_of(**changes))


def test_all_features_with_a_base_of_eight_weeks_fit_into_the_history(load):
    spec = spec_of(
        features=tuple(FEATURES),
        site=AUCKLAND,
        steps=7,
        interval=24,
        base=Base("decomposition", 8),
        level_hours=672,
    )
    assert load(spec).window_maker.interval == 24


@pytest.fixture
def forecast_at(storage, later, seasonal_model) -> Callable[..., dict[str, Any]]:
    """The forecast of a model at a time in UTC, of a series that has 10 people each hour."""

    def go(spec: WindowSpec, at: str) -> dict[str, Any]:
        now = datetime.fromisoformat(f"{at}:00Z").timestamp()
        recorder = Recorder(storage.root)
        hours = range(int(now // HOUR) - 800, int(now // HOUR))
        recorder.history.add(Observation(hour * HOUR, "east", 10.0) for hour in hours)
        forecaster = Forecaster(recorder, Keeper(storage.root, load_model, later), lambda: 0.0)
        forecaster.settings = ForecasterSettings("crowdedness")
        storage.put(seasonal_model(spec, (0.5,)))
        forecaster.step(now)
        later.run()
        forecast = forecaster.step(now)
        assert forecast is not None, forecaster.reported()
        return forecast

    return go


def test_a_model_forecasts_the_hours_of_its_zone(storage, later, seasonal_model):
    spec = spec_of(columns=("east",), site=Site("Asia/Kolkata"), hour=Hour("sum", 30))
    recorder = Recorder(storage.root)
    noon = int(datetime.fromisoformat("2024-05-01T12:00+05:30").timestamp())
    recorder.history.add(
        Observation(noon - 1800 * back, "east", float(back % 2)) for back in range(1, 2 * 400)
    )
    forecaster = Forecaster(recorder, Keeper(storage.root, load_model, later), lambda: 0.0)
    forecaster.settings = ForecasterSettings("crowdedness")
    storage.put(seasonal_model(spec, (0.5,)))
    forecaster.step(noon)
    later.run()
    before = forecaster.step(noon - 1)
    after = forecaster.step(noon)  # the interval begins with the hour of the zone
    assert before is not None
    assert after is not None
    assert before["firstHour"] == "2024-05-01T05:30:00Z"
    assert after["starts"][:2] == ["2024-05-01T06:30:00Z", "2024-05-01T07:30:00Z"]
    assert after["quantiles"]["0.5"] == pytest.approx([1] * 6)
    assert (after["observedUntil"], after["missingHours"]) == ("2024-05-01T06:30:00Z", 0)


ONE = {"columns": (THIS_SERIES,), "site": AUCKLAND}


def test_an_hour_that_the_clock_skips_is_not_forecast(forecast_at):
    forecast = forecast_at(spec_of(**ONE), "2024-09-28T13:05")  # 1:05; the clock skips 2:00
    assert forecast["starts"] == [f"2024-09-28T{hour}:00:00Z" for hour in (13, 14, 15, 16, 17)]
    assert len(forecast["quantiles"]["0.5"]) == 5
    assert (forecast["firstHour"], forecast["horizonHours"]) == ("2024-09-28T13:00:00Z", 6)


def test_an_hour_that_comes_twice_is_one_step(forecast_at):
    forecast = forecast_at(spec_of(**ONE), "2024-04-06T13:05")  # 2:05, for the first time
    assert forecast["starts"] == [f"2024-04-06T{hour}:00:00Z" for hour in (13, 15, 16, 17, 18, 19)]
    between = forecast_at(spec_of(**ONE), "2024-04-06T14:05")  # 2:05 again: the hour is not over
    assert between["starts"] == forecast["starts"]


def test_longer_steps_begin_on_the_clock_of_the_site(forecast_at):
    spec = spec_of(**ONE, interval=3, steps=8, horizon=3)
    forecast = forecast_at(spec, "2024-09-28T10:05")  # 22:05; three hours from 21:00 are not over
    assert (forecast["intervalHours"], forecast["horizonHours"]) == (3, 9)
    assert forecast["starts"] == [
        "2024-09-28T09:00:00Z",  # 21:00
        "2024-09-28T12:00:00Z",  # 0:00 to 3:00 has two hours
        "2024-09-28T14:00:00Z",
    ]
    assert forecast["quantiles"]["0.5"] == pytest.approx([30] * 3)


def test_degrees_below_zero_are_forecast_in_their_unit(load):
    unit = Unit(2.0, -30.0, 8.5)
    loaded = load(spec_of(columns=("east",), unit=unit), unit=json.dumps("°C"))
    degrees = np.resize(np.linspace(-12, 10, 168), 600)
    made = loaded.window_maker.make(history({"east": degrees}, NOW), None, NOW * HOUR)
    assert made.unit == unit
    ahead = np.resize(np.roll(degrees[:168], -600), 168)[:6]
    np.testing.assert_allclose(
        loaded.forecast(made)[:, 0], np.minimum(ahead, 8.5), rtol=1e-4, atol=1e-3
    )
    assert loaded.metadata.unit == "°C"


@pytest.mark.parametrize("unit", ["x" * 33, "a\nb", 3])
def test_a_name_of_a_unit_that_cannot_be(load, unit):
    with pytest.raises(ModelError, match="unit must be a text"):
        load(spec_of(), unit=json.dumps(unit))
