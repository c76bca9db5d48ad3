"""The plots of a model: what is in them is looked at by people; size, bytes and extremes here."""

import io
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from edgeops.report.plots.by_horizon import mape_by_horizon, spread
from edgeops.report.plots.heat_map import mape_heat_map
from edgeops.report.plots.model_plots import middle_series, model_plots
from edgeops.training.evaluate.judge import judge
from edgeops.training.evaluate.scorecard import MODEL, JudgedPart, Scorecard
from edgeops.training.forecasts import Forecasts

FILES = [
    "mape-by-horizon.png",
    "mape-heat-map.png",
    "mape-heat-map-by-origin.png",
    "typical-week.png",
    "error-by-day.png",
]
pytestmark = pytest.mark.slow  # Matplotlib draws


@pytest.fixture(scope="module")
def plots(real_card, forecasts):
    return model_plots(real_card, "test", [forecasts])


def test_five_small_pictures_that_fit_a_pull_request(plots):
    assert [plot.file for plot in plots] == FILES
    for plot in plots:
        image = Image.open(io.BytesIO(plot.png))
        assert (image.format, image.size) == ("PNG", (1000, 560))
        assert not image.info  # no date, no software
        assert len(plot.png) < 80_000


def test_the_same_values_are_the_same_bytes_whatever_the_user_set(plots, real_card, forecasts):
    import matplotlib

    with matplotlib.rc_context({"axes.facecolor": "red", "font.size": 30}):
        again = model_plots(real_card, "test", [forecasts])
    assert again == plots


def test_pyplot_and_its_windows_are_not_loaded():
    code = (
        "import sys; from edgeops.report.plots.drawing import png; png(lambda figure: None);"
        " sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_captions_say_what_is_to_be_seen(plots):
    by_horizon, heat_map, by_origin, week, days = (plot.caption for plot in plots)
    assert "12.95% at the first step" in by_horizon
    assert "the best hour is" in heat_map
    assert "newest observation" in by_origin
    assert "About 80% of the actual values" in week
    assert "The worst: Wed 25 Dec 2024 -" in days


def test_cells_without_values_are_no_colour_of_the_scale(real_card):
    part = real_card.parts["test"]
    judged = part.models[MODEL]
    table = tuple(
        tuple(None if 8 <= hour < 20 else 0.1 for _ in row)
        for hour, row in enumerate(judged.mape_by_hour_and_horizon)
    )
    holes = replace(judged, mape_by_hour_and_horizon=table)
    part = replace(part, models={**part.models, MODEL: holes})
    image = Image.open(io.BytesIO(mape_heat_map(replace(real_card, parts={"test": part}), "test")))
    pixels = np.asarray(image.convert("RGB")).astype(int)[100:480, 100:850]
    grey = np.ptp(pixels, axis=2) < 20
    assert 0.45 < grey.mean() < 0.6  # 12 of 24 rows, and the lines between cells


def _card(forecasts, **models):
    judged = {name: judge(one, 700.0, {}) for name, one in models.items()}
    part = JudgedPart("2024-07-01T03", "2024-12-31T23", len(forecasts.origins), judged)
    return Scorecard("m" * 64, (forecasts.series,), forecasts.interval, (0.5,), {"test": part})


def _every_third_hour(forecasts, horizon):
    actual = forecasts.actual[2::3].reshape(-1, 8, 3).sum(axis=2)[:, :horizon]
    point = forecasts.point[2::3].reshape(-1, 8, 3).sum(axis=2)[:, :horizon, None]
    origins = forecasts.origins[2::3] - np.timedelta64(2, "h")
    return Forecasts("a street with a very long name " * 3, origins, actual, point, (0.5,), 3)


@pytest.mark.parametrize("horizon", [1, 4, 8])
def test_longer_steps_few_of_them_only_at_night_without_quantiles(forecasts, horizon):
    night = _every_third_hour(forecasts, horizon)
    known = np.isin(night.hour_of_day, (0, 3, 21))
    night = replace(night, actual=np.where(known, night.actual, np.nan))
    plots = model_plots(_card(night, model=night), "test", [night])
    assert [plot.file for plot in plots] == FILES
    assert "band" not in plots[3].caption


def test_values_too_small_for_mape_have_no_plots_of_it(forecasts):
    few = replace(forecasts, actual=forecasts.actual / 2000, values=forecasts.values / 2000)
    plots = model_plots(_card(few, model=few), "test", [few])
    assert [plot.file for plot in plots] == FILES[3:]


def test_a_baseline_beyond_the_axis_leaves_the_curve_of_the_model_as_it_is(forecasts):
    wild = replace(forecasts, values=forecasts.values * 9)
    alone = mape_by_horizon(_card(forecasts, model=forecasts), "test")
    beside = mape_by_horizon(_card(forecasts, model=forecasts, wild=wild), "test")
    blue = (0, 114, 178)

    def rows(png):
        pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)
        return np.flatnonzero((np.abs(pixels - blue).sum(axis=2) < 12).any(axis=1))

    assert np.array_equal(rows(alone), rows(beside))


def test_of_many_series_the_middle_one_is_shown(real_card, forecasts):
    streets = [
        replace(forecasts, series=f"street {n}", values=forecasts.values * (1 + 0.3 * n))
        for n in (2, 0, 1)
    ]
    assert middle_series(streets).series == "street 1"
    assert "Of 3 series, street 1 is shown" in model_plots(real_card, "test", streets)[4].caption


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_labels_are_apart_inside_and_in_order(places):
    found = spread(places, 0.1, 1.0)
    order = np.argsort(places, kind="stable")
    assert np.diff(np.array(found)[order]).min(initial=1) > 0.1 - 1e-9
    assert min(found) >= 0
    assert max(found) <= 1 + 1e-9


def test_labels_with_room_stay_where_they_are():
    assert spread([0.8, 0.1, 0.5], 0.1, 1.0) == pytest.approx([0.8, 0.1, 0.5])
    assert spread([0.5, 0.5], 0.1, 1.0) == pytest.approx([0.45, 0.55])
