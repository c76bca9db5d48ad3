"""The features by name, and what a window of them needs."""

from __future__ import annotations

import pytest

from edgeops.errors import EdgeOpsError
from edgeops.features.feature import At, Need
from edgeops.features.registry import FEATURES, feature, neighbours
from edgeops.features.spec import Site
from edgeops.features.window import WindowBuilder


def test_there_are_sixty_features():
    assert len(FEATURES) == 66
    assert list(FEATURES)[:3] == ["log_base", "log_y", "dev"]


def test_columns_of_the_data_make_features_too():
    assert feature("neighbour:210 Queen Street").at is At.OBSERVED
    assert feature("event:concert").at is At.AHEAD
    assert feature("weather:rain_mm").need is Need.COLUMN
    assert neighbours(("dev", "neighbour:a: b", "event:c")) == ("a: b",)


@pytest.mark.parametrize(
    ("name", "hint"),
    [("hour_sine1", "did you mean `hour_sin1`?"), ("qqq", "besides the listed ones")],
)
def test_an_unknown_feature(name, hint):
    with pytest.raises(EdgeOpsError, match=f"there is no feature `{name}`") as caught:
        feature(name)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("name", "lacks"), [("dst", "a latitude and a longitude"), ("hol", "a country")]
)
def test_a_site_that_lacks_what_a_feature_needs(spec, name, lacks):
    with pytest.raises(EdgeOpsError, match=f"`{name}` needs {lacks}"):
        WindowBuilder(spec(features=(name,), site=Site("UTC")))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"horizon": 25}, "the horizon is 25 steps, the window has 24"),
        ({"steps": 0}, "steps is 0"),
        ({"steps": 57, "interval": 3}, "reaches 171 hours ahead"),
        ({"interval": 5}, "intervals of 5 hours"),
        ({"features": ("dev", "dev")}, "`dev` is named twice"),
        ({"columns": ()}, "no column is named"),
    ],
)
def test_a_window_that_cannot_be(spec, changes, message):
    with pytest.raises(EdgeOpsError, match=message):
        spec(**changes)
