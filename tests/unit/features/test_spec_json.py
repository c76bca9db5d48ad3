"""What a model file says of its window is read as it was written, or refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.errors import EdgeOpsError
from edgeops.features.registry import FEATURES
from edgeops.features.spec import COUNTS, INTERVALS, Base, Hour, Site, Smoothing, Unit, WindowSpec
from edgeops.features.spec_json import from_json, to_json

FINITE = st.floats(-1e6, 1e6)
NAMES = st.text(min_size=1, max_size=20)


@st.composite
def specs(draw: Callable[..., Any]) -> WindowSpec:
    interval = draw(st.sampled_from(INTERVALS))
    steps = draw(st.integers(1, 168 // interval))
    kind = draw(st.sampled_from(["median", "mean", "decomposition", "stl", "mstl"]))
    profile = 168 // interval if kind in ("stl", "mstl") else 0
    return WindowSpec(
        features=tuple(draw(st.lists(st.sampled_from([*FEATURES]), min_size=1, unique=True))),
        columns=tuple(draw(st.lists(NAMES, min_size=1, max_size=5, unique=True))),
        site=Site(
            draw(NAMES),
            draw(st.none() | FINITE),
            draw(st.none() | FINITE),
            draw(st.none() | NAMES),
            draw(st.none() | NAMES),
        ),
        steps=steps,
        horizon=draw(st.integers(1, steps)),
        interval=interval,
        base=Base(
            kind,
            draw(st.integers(1, 26)),
            tuple(draw(st.lists(FINITE, min_size=profile, max_size=profile))),
        ),
        level_hours=draw(st.integers(1, 5000)),
        smoothing=draw(
            st.none()
            | st.builds(
                Smoothing, st.sampled_from(["moving-average", "exponential"]), st.integers(1, 99)
            )
        ),
        outage_hours=draw(st.integers(0, 100)),
        hour=draw(
            st.builds(Hour, st.sampled_from(["sum", "mean", "last"]), st.integers(0, 60))
            | st.just(Hour())
        ),
        unit=draw(
            st.just(COUNTS)
            | st.builds(
                Unit, st.floats(1e-9, 1e9), st.floats(-1e6, 0), st.none() | st.floats(1, 1e12)
            )
        ),
    )


def test_the_unit_of_counts_is_not_written():
    spec = WindowSpec(("log_base",), ("a",), Site("UTC"))
    assert "unit" not in to_json(spec)
    assert "unit" in to_json(replace(spec, unit=Unit(0.01)))


@given(specs())
def test_a_window_spec_is_read_as_it_was_written(spec):
    assert from_json(json.loads(json.dumps(to_json(spec)))) == spec


def test_an_hour_as_it_always_was_is_not_written(spec):
    assert "hour" not in to_json(spec())
    assert to_json(spec(hour=Hour("sum", 15)))["hour"] == {"combine": "sum", "minutes": 15}
    jitters = spec(hour=Hour("sum", 15, 60))
    assert to_json(jitters)["hour"] == {"combine": "sum", "minutes": 15, "early": 60}
    assert from_json(to_json(jitters)) == jitters


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(specs(), st.data())
def test_any_value_in_place_of_another_is_taken_or_refused(spec, data):
    value = to_json(spec)
    part = data.draw(st.sampled_from([value, value["site"], value["base"]]))
    part[data.draw(st.sampled_from([*part, "more"]))] = data.draw(JUNK)
    try:
        assert to_json(from_json(value)) == value
    except EdgeOpsError as error:
        assert error.message  # noqa: PT017 - either way is right


def changed(spec: Callable[..., WindowSpec], path: str, new: Any) -> Any:
    value: Any = {"window_spec": to_json(spec(smoothing=Smoothing("exponential", 2)))}
    part, *keys = value, *path.split(".")
    for key in keys[:-1]:
        part = part[key]
    if new is ...:
        del part[keys[-1]]
    else:
        part[keys[-1]] = new
    return value["window_spec"]


@pytest.mark.parametrize(
    ("path", "new", "message"),
    [
        ("window_spec", None, "window_spec must be an object"),
        ("window_spec.steps", ..., "window_spec has no `steps`"),
        ("window_spec.future", 1, "window_spec has the unknown key `future`"),
        ("window_spec.steps", True, "window_spec.steps must be a whole number"),
        ("window_spec.steps", 0, "steps is 0"),
        ("window_spec.horizon", 25, "the horizon is 25 steps, the window has 24"),
        ("window_spec.outage_hours", -1, "window_spec.outage_hours must be a whole number"),
        ("window_spec.interval", 5, "a day cannot be cut into intervals of 5 hours"),
        ("window_spec.columns", "a", "window_spec.columns must be a list"),
        ("window_spec.columns", [1], r"window_spec.columns\[0\] must be a text"),
        ("window_spec.columns", ["a", "a"], "the column `a` is named twice"),
        ("window_spec.features", ["log_basis"], "there is no feature `log_basis`"),
        ("window_spec.site", {}, "window_spec.site has no `zone`"),
        ("window_spec.site.latitude", float("nan"), "window_spec.site.latitude must be a number"),
        ("window_spec.site.latitude", 10**400, "window_spec.site.latitude must be a number"),
        ("window_spec.base.kind", "magic", "window_spec.base.kind must be one of median, mean"),
        ("window_spec.base.kind", "mstl", "the profile of the base `mstl` is not 168 finite"),
        ("window_spec.base.profile", [0.0], "the profile of the base `median` is not 0 finite"),
        ("window_spec.hour", {"combine": "sum"}, "window_spec.hour has no `minutes`"),
        ("window_spec.hour", {"combine": "max", "minutes": 15}, "hour.combine must be one of sum"),
        (
            "window_spec.hour",
            {"combine": "sum", "minutes": 61},
            "an hour of values 61 minutes apart",
        ),
        ("window_spec.smoothing.steps", 0, "smoothing over 0 steps"),
        ("window_spec.smoothing.kind", [], "window_spec.smoothing.kind must be one of"),
    ],
)
def test_an_error_says_what_is_wrong(spec, path, new, message):
    with pytest.raises(EdgeOpsError, match=message):
        from_json(changed(spec, path, new))
