"""Every feature is explained in a line, and the set `default` fits the site."""

from __future__ import annotations

import pytest

from edgeops.errors import EdgeOpsError
from edgeops.features.explain import EXPLAINED, all_features, default_features, explain
from edgeops.features.registry import FEATURES, check_site
from edgeops.features.spec import Site


def test_no_feature_lacks_its_line():
    explained = [name for of_group in EXPLAINED.values() for name in of_group]
    assert explained == [*FEATURES]
    lines = [feature.what for feature in all_features()]
    assert all(line and len(line) <= 80 and "\n" not in line for line in lines)
    assert len(set(lines)) == len(lines)


@pytest.mark.parametrize(
    ("name", "needs"),
    [("weather:rain", "data.weather"), ("known:event:fair: big", "data.events")],
)
def test_features_of_columns(name, needs):
    found = explain(name)
    assert (found.group, found.needs) == ("columns", needs)


def test_a_feature_that_is_none():
    with pytest.raises(EdgeOpsError, match="no feature `rainy`"):
        explain("rainy")


@pytest.mark.parametrize(
    "site",
    [Site("UTC"), Site("UTC", 1.0, 2.0), Site("UTC", country="NZ"), Site("UTC", 1.0, None, "NZ")],
)
def test_the_default_set_has_what_the_site_allows(site):
    names = default_features(site)
    for name in names:
        check_site(name, site)
    for name in set(FEATURES) - set(names):
        with pytest.raises(EdgeOpsError, match="needs a"):
            check_site(name, site)


def test_the_short_set_has_nothing_of_the_year():
    site = Site("UTC", 1.0, 2.0, "NZ")
    left_out = set(default_features(site)) - set(default_features(site, short=True))
    assert {"doy_sin1", "daylight_frac", "xmas_shutdown"} < left_out
    assert not left_out & {"hol", "dow_sat", "dev"}


def test_a_site_with_everything_has_all_features():
    assert default_features(Site("UTC", 1.0, 2.0, "NZ")) == tuple(FEATURES)
