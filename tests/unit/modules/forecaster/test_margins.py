"""The interval of a forecast: as the release widens it, then as this device's own hours do."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.modules.forecaster.margins_of_day import in_order
from edgeops.modules.forecaster.metadata import ModelError, parse_metadata
from edgeops.modules.forecaster.observations import HOUR, Observation
from edgeops.modules.forecaster.rehearsal import Rehearsal
from edgeops.quality.judging import Judging, to_json
from edgeops.quality.kept import KeptForecasts

NOON = 1_767_268_800  # 2026-01-01T12:00:00Z
DAYS = 40
LARGER = math.log(2)  # a margin that makes 9 a 19, and of 19 a 9


@pytest.fixture
def rehearsal(tmp_path, model):
    """A device whose model always forecasts the mean of three hours, for one series."""

    def made(judging: Judging | None, quantiles=(0.1, 0.5, 0.9)) -> Rehearsal:
        says = {} if judging is None else {"judging": json.dumps(to_json(judging))}
        path = tmp_path / "model.onnx"
        path.write_bytes(model(inputs=("east",), quantiles=quantiles, says=says))
        device = Rehearsal(tmp_path / "device", path)
        hours = range(NOON // HOUR - 24 * (DAYS + 5), NOON // HOUR)
        device.recorder.history.add(Observation(at * HOUR, "east", 19.0) for at in hours)
        return device

    return made


def kept(days: int, value: float) -> KeptForecasts:
    """Forecasts of this value from every hour of so many days before today."""
    noon = np.datetime64("2026-01-01T12", "h")
    origins = noon - np.arange(24 * days, 0, -1).astype("timedelta64[h]")
    return KeptForecasts(
        origins, np.full((24 * days, 2, 3), value), np.zeros((24 * days, 2)), interval=1
    )


def test_a_model_that_says_nothing_forecasts_as_before(rehearsal):
    forecast = rehearsal(None).forecast(NOON)
    assert forecast["quantiles"] == {"0.1": [19, 19], "0.5": [19, 19], "0.9": [19, 19]}
    assert "interval" not in forecast


def test_the_margins_of_the_release_are_by_the_hour_of_the_day(rehearsal):
    margins = [0.0] * 24
    margins[13] = LARGER
    forecast = rehearsal(Judging(0.8, tuple(margins), 30)).forecast(NOON)
    assert forecast["quantiles"] == {"0.1": [19, 9], "0.5": [19, 19], "0.9": [19, 39]}
    assert forecast["interval"] == {"coverage": 0.8, "from": "release"}


def test_margins_follow_the_hours_that_the_device_forecast_itself(rehearsal):
    device = rehearsal(Judging(0.8, (0.1,) * 24, 30))
    device.remember(kept(DAYS, 9.0))
    forecast = device.forecast(NOON)  # 20 was observed, where 10 was the most that was expected
    assert forecast["quantiles"] == {"0.1": [9, 9], "0.5": [19, 19], "0.9": [39, 39]}
    assert forecast["interval"] == {"coverage": 0.8, "from": "device"}


def test_of_too_few_days_nothing_follows(rehearsal):
    device = rehearsal(Judging(0.8, (LARGER,) * 24, 30))
    device.remember(kept(20, 1.0))
    assert device.forecast(NOON)["interval"]["from"] == "release"


def test_what_is_remembered_takes_the_place_of_what_was(rehearsal):
    device = rehearsal(Judging(0.8, (0.1,) * 24, 30))
    device.remember(kept(DAYS, 9.0))
    device.forecast(NOON)
    device.remember(kept(DAYS, 4.0))
    device.tell([(NOON, {"east": 19.0})])
    forecast = device.forecast(NOON + HOUR)
    assert forecast["quantiles"]["0.9"] == [79, 79]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no", "judging is not JSON"),
        ("[]", "judging: must be an object"),
        ('{"margins": [1]}', "judging: margins must be 24 numbers"),
        ('{"coverage": 2}', "judging: coverage must be between 0 and 1"),
        ('{"coverage": %s}' % ("9" * 400), "judging has a number that is too large"),
        ('{"coverage": 0.8}', "judging needs quantiles on both sides of the median"),
        ('{"later": 1}', "judging: has the unknown key `later`"),
    ],
)
def test_wrong_words_on_judging_are_bad_metadata(text, message):
    good = {"inputs": '["a"]', "window_steps": "1", "horizon": "1", "judging": text}
    with pytest.raises(ModelError, match="in the model's") as caught:
        parse_metadata(good)
    assert caught.value.code == "BadMetadata"
    assert caught.value.message == f"in the model's metadata, {message}"


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=9), st.data())
def test_quantiles_are_in_order_and_the_median_stays(values, data):
    median = data.draw(st.none() | st.integers(0, len(values) - 1))
    ordered = in_order(np.array([values]), median)[0]
    assert (np.diff(ordered) >= 0).all()
    if median is not None:
        assert ordered[median] == values[median]
    assert in_order(np.sort([values]), median).tolist() == np.sort([values]).tolist()
