"""The hand-written checks agree with the JSON Schema."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.modules.forecaster.desired import ForecasterSettings, parse_desired

SCHEMA = Path(__file__).parents[4] / "schemas/modules/forecaster.desired.schema.json"
VALID = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_bytes())).is_valid

VALUES = (
    st.none()
    | st.booleans()
    | st.integers(-2, 90_000)
    | st.floats()
    | st.text(max_size=70)
    | st.from_regex(r"[A-Za-z0-9_-]{1,66}", fullmatch=True)
    | st.lists(st.sampled_from(["events", "weather", "a b", 1, ""]), max_size=3)
    | st.lists(st.from_regex(r"[a-z]{1,3}", fullmatch=True), min_size=7, max_size=10)
)


@given(
    st.dictionaries(
        st.sampled_from(["model", "intervalSeconds", "series", "context", "other"]), VALUES
    )
    | VALUES
)
def test_values_give_a_warning_only_if_the_schema_refuses_them(desired):
    assert VALID(desired) == (parse_desired(desired).warnings == ())


def test_a_wrong_value_falls_back_to_the_default_and_gives_a_warning():
    desired = {"model": "a b", "intervalSeconds": 0, "series": "", "context": ["a", "a"], "x": 1}
    assert parse_desired(desired) == ForecasterSettings(
        warnings=(
            "model must be a slot: 1 to 64 letters, digits, _ or -",
            "intervalSeconds must be a whole number from 1 to 86400",
            "series must be a name of 1 to 64 characters",
            "context must be a list of 1 to 8 slots, each once",
            "x: no such property; it is ignored",
        ),
    )


@pytest.mark.parametrize("interval", [60, 60.0])
def test_settings(interval):
    desired = {
        "model": "street",
        "intervalSeconds": interval,
        "series": "150 K Road",
        "context": ["a", "b"],
    }
    assert parse_desired(desired | {"$version": 4}) == ForecasterSettings(
        "street", 60, "150 K Road", context=("a", "b")
    )
