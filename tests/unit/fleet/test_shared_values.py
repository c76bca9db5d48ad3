"""Devices that want the same share it, and are what they were."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from edgeops.fleet.shared_values import SharedValues

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
sections = st.dictionaries(st.text(), values, max_size=3)


@given(st.lists(sections, max_size=5))
def test_a_section_stays_what_it_is(wanted: list[dict[str, Any]]) -> None:
    shared = SharedValues()
    for section in wanted:
        assert repr(shared.section(section)) == repr(section)  # 1 is not True; keys are in order


def test_equal_parts_are_one_object() -> None:
    shared = SharedValues()
    one, two, other = (
        shared.section({"rate": rate, "hours": {"open": [8, 20]}}) for rate in (1, 1, 2)
    )
    assert one is two
    assert other["hours"] is one["hours"]
    assert other["rate"] == 2
