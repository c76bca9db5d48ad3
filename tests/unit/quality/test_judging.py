"""What a model file says of its judging, read without trust."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.errors import EdgeOpsError
from edgeops.quality.judging import HOURS, MOST_DAYS, Judging, from_json, to_json

HOURS_OF_DAY = st.lists(st.integers(0, HOURS - 1), unique=True).map(tuple)
MARGINS = st.lists(st.floats(-10, 10), min_size=HOURS, max_size=HOURS).map(tuple)
JUDGINGS = st.builds(
    Judging,
    st.floats(0.01, 0.99),
    st.just(()) | MARGINS,
    st.integers(0, MOST_DAYS),
    HOURS_OF_DAY,
    HOURS_OF_DAY,
)


@given(JUDGINGS)
def test_it_is_the_same_again(judging):
    assert from_json(to_json(judging)) == judging


@pytest.mark.parametrize(
    "value",
    [
        None,
        {"coverage": 10**400},
        {"coverage": 0.8, "margins": [-(10**400)] * HOURS},
        {"coverage": float("nan")},
        {"coverage": True},
        {"margins": [0.1] * HOURS},
        {"days": MOST_DAYS + 1},
        {"days": 1.5},
        {"hours": [24]},
        {"origins": [3, 3]},
        {"hours": {}},
        {"x": 1},
    ],
)
def test_anything_else_is_refused_in_one_sentence(value):
    with pytest.raises(EdgeOpsError, match="judging"):
        from_json(value)
