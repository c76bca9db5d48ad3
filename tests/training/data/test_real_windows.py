"""The real data through the windows, against figures that were measured beforehand."""

from __future__ import annotations

import numpy as np
import pytest

from edgeops.features.window import WindowBuilder
from edgeops.training.data.load import split_of, window_spec
from edgeops.training.data.split import parts
from edgeops.training.data.targets import target, targets_of


def wape(actual, forecast):
    """Percent."""
    return 100 * np.abs(actual - forecast).sum() / actual.sum()


@pytest.fixture(scope="module")
def builder(crowdedness, streets):
    return WindowBuilder(window_spec(crowdedness, streets))


@pytest.fixture(scope="module")
def origins(crowdedness, auckland, builder):
    found = parts(split_of(crowdedness), builder.steps(auckland.series), 24, 1)
    return {name: one[one >= builder.hours - 1] for name, one in found.items()}


@pytest.fixture(scope="module")
def actual(auckland, streets):
    return target(auckland.series, streets, 12, 1)


def test_how_many_origins_there_are(origins):
    assert {name: len(one) for name, one in origins.items()} == {
        "train": 31_457,
        "validation": 4_344,
        "test": 4_392,
        "later": 8_742,
    }


@pytest.mark.parametrize(
    ("part", "of_a_day", "of_a_week"), [("validation", 19.54, 12.18), ("test", 18.78, 11.16)]
)
def test_the_seasonal_naive_forecast_is_as_good_as_measured(
    origins, actual, part, of_a_day, of_a_week
):
    y = targets_of(actual, origins[part], 24)
    assert wape(y, targets_of(actual, origins[part] - 24, 24)) == pytest.approx(of_a_day, abs=0.02)
    assert wape(y, targets_of(actual, origins[part] - 168, 24)) == pytest.approx(
        of_a_week, abs=0.02
    )


def test_the_windows_of_the_test_part(auckland, builder, origins, actual):
    windows = builder.windows(auckland.series, origins["test"])
    assert windows.values.shape == (4_392, 24, 60)
    assert windows.usable.all()
    assert np.abs(windows.values).max() < 10
    base = windows.scale[:, None] * np.exp(windows.values[:, :, 0].astype(float)) - 1
    assert wape(targets_of(actual, origins["test"], 24), base) == pytest.approx(9.82, abs=0.05)
    for index in (0, 1800, 2160, 4391):  # 2,160: the first hours of summer time
        end = origins["test"][index] + 1
        recent = auckland.series.rows(end - builder.hours_to_keep, end)
        one = builder.window(recent)
        assert one.values[0].tobytes() == windows.values[index].tobytes()
        assert one.scale[0] == windows.scale[index]
