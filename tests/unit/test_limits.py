"""The limits of a hub: sizes by the formula of the documentation, and what breaks them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.limits import (
    INTEGER_MAX,
    INTEGER_MIN,
    Operation,
    check_section,
    is_edge_module_id,
    is_id,
    rate,
    size,
)

scalars = st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=10,
)


def problems_of(section, max_bytes=100_000):
    return [(problem.pointer, problem.message) for problem in check_section(section, max_bytes)]


class TestSize:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ("abc", 3),
            ("ā", 2),
            ("a\x00\x1f\x7f\x9fb", 2),
            (True, 4),
            (7, 8),
            (0.5, 8),
            (None, 0),
            ([1, "ab", False], 14),
            ({"key": "value"}, 8),
            ({"a": {"bc": 1}}, 11),
            ({}, 0),
        ],
    )
    def test_formula(self, value, expected):
        assert size(value) == expected

    @given(st.dictionaries(st.text(max_size=4), values, max_size=4))
    def test_of_an_object_is_the_sum_of_its_members(self, value):
        assert size(value) == sum(size({key: item}) for key, item in value.items())

    @given(st.text(alphabet=st.characters(exclude_categories=["Cc"])))
    def test_of_text_without_control_characters_is_utf_8(self, text):
        assert size(text) == len(text.encode("utf-8", "surrogatepass"))


class TestSections:
    def test_what_fits(self):
        assert (
            problems_of({"a": 1, "b": {"c": ["x" * 4096]}, "n": INTEGER_MIN, "m": INTEGER_MAX})
            == []
        )

    @pytest.mark.parametrize(
        ("section", "pointer", "message"),
        [
            ({"a.b": 1}, "/a.b", "key contains '.'"),
            ({"a": {"$b": 1}}, "/a/$b", "key contains '$'"),
            ({"a b": 1}, "/a b", "key contains ' '"),
            ({"a#": 1}, "/a#", "key contains '#'"),
            ({"a": [1, None]}, "/a/1", "is null inside an array"),
            ({"a": [{"b": {"c": None}}]}, "/a/0/b/c", "is null inside an array"),
            ({"a\n": 1}, "/a\n", "key contains '\\n'"),
            ({"k" * 1025: 1}, "/" + "k" * 1025, "longer than 1024 bytes"),
            ({"a": "x" * 4097}, "/a", "is 4,097 bytes; a text can have at most 4,096"),
            ({"a": ["x" * 4097]}, "/a/0", "is 4,097 bytes"),
            ({"a": "x" * 4096 + "\n"}, "/a", "is 4,097 bytes"),
            ({"a": INTEGER_MAX + 1}, "/a", "outside the hub's range of integers"),
            ({"a": [INTEGER_MIN - 1]}, "/a/0", "outside the hub's range of integers"),
            ({"a/b": "x" * 4097}, "/a~1b", "a text"),
        ],
    )
    def test_what_the_hub_refuses(self, section, pointer, message):
        ((where, what),) = problems_of(section)
        assert where == pointer
        assert message in what

    def test_total(self):
        section = {"a": "x" * 4000, "b": "y" * 4000}
        assert problems_of(section, 8002) == []
        assert problems_of(section, 8001) == [("", "is 8,002 bytes; the hub allows at most 8,001")]

    def test_ten_levels_and_a_property(self):
        def nested(levels):
            value = 1
            for _ in range(levels):
                value = {"a": value}
            return value

        assert problems_of(nested(11)) == []
        assert problems_of(nested(12)) == [("/a" * 11, "is nested deeper than 10 levels")]

    def test_true_is_no_integer(self):
        assert problems_of({"a": True}) == []


class TestIds:
    @pytest.mark.parametrize("name", ["a", "A-b:c.d+e%f_g#h*i?j!k(l)m,n=o@p;q$r's", "x" * 128])
    def test_of_the_hub(self, name):
        assert is_id(name)

    @pytest.mark.parametrize("name", ["", "a b", "a/b", "ā", "x" * 129, "a\n"])
    def test_not_of_the_hub(self, name):
        assert not is_id(name)

    def test_of_edge_modules_are_stricter(self):
        assert is_edge_module_id("model_loader-2")
        assert not any(map(is_edge_module_id, ["a.b", "$edgeAgent", "", "a\n"]))


@pytest.mark.parametrize(
    ("operation", "sku", "units", "per_second"),
    [
        (Operation.TWIN_READ, "S1", 1, 100),
        (Operation.TWIN_READ, "S1", 10, 100),
        (Operation.TWIN_READ, "S2", 20, 200),
        (Operation.TWIN_WRITE, "S3", 2, 500),
        (Operation.TWIN_WRITE, "F1", 1, 50),
        (Operation.REGISTRY, "S1", 3, 5),
        (Operation.QUERY, "S1", 3, 1),
    ],
)
def test_rate(operation, sku, units, per_second):
    assert rate(operation, sku, units) == pytest.approx(per_second)
