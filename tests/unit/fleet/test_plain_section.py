"""A section that is told to be within all limits is, and its sizes are bounds."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from edgeops import limits
from edgeops.fleet.check_stamp import owned
from edgeops.fleet.plain_section import plain_section

SCALARS = (
    st.sampled_from([None, True, 0, 1.5, limits.INTEGER_MAX, limits.INTEGER_MAX + 1, "", "a b"])
    | st.sampled_from(["é", "\x07", "\x7f", "x" * 4096, "x" * 4097, "${a}"])
    | st.text(max_size=3)
)
KEYS = st.sampled_from(
    ["a", "bc", "a.b", "a b", "$a", "é", "\x01", "k" * 1024, "k" * 1025, "fromEnv"]
)
SECTIONS = st.dictionaries(
    KEYS,
    st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=2),
        max_leaves=6,
    ),
    max_size=4,
)


def nested(levels: int, value: Any) -> Any:
    return value if not levels else {"a": nested(levels - 1, value)}


@given(SECTIONS)
@example(nested(11, 1))
@example(nested(12, 1))
@example(nested(10, [{}]))
@example(nested(9, [[1]]))
@example({"a": {"fromEnv": "EDGEOPS_SECRET_A", "version": 1}})
@example({"a": [{"b": None}]})
def test_no_limit_is_violated(section: dict[str, Any]) -> None:
    plain = plain_section("tags", section)
    if plain is None:
        return
    assert list(limits.check_section(section, plain.size)) == []
    assert plain.size == limits.size(section)
    assert plain.stamp >= owned({"tags": section}).length


def test_usual_sections_are_plain() -> None:
    section = {
        "site": "a",
        "place": {"floor": 2, "rooms": [1, "b", {"c": 1.5}]},
        "on": True,
        "x": {},
    }
    plain = plain_section("tags", section)
    assert plain is not None
    assert plain.size == limits.size(section)
    assert plain.stamp <= owned({"tags": section}).length + 10
