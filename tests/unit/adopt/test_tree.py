"""Trees of settings: leaves, differences, and layers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edgeops.adopt.tree import at, difference, key_of, laid, put, tree_of
from edgeops.secret_reference import Secret, reference, values_in

SECRET = reference(Secret("EDGEOPS_SECRET_A", 1))
SIMPLE = st.one_of(st.integers(0, 2), st.lists(st.integers(0, 1), max_size=1), st.just(SECRET))
TREES = st.recursive(
    st.dictionaries(st.sampled_from("abc"), SIMPLE, max_size=2),
    lambda inner: st.dictionaries(st.sampled_from("abc"), st.one_of(SIMPLE, inner), max_size=3),
    max_leaves=6,
)


def test_leaves_are_lists_empty_objects_and_secrets():
    tree = {"a": {"b": [1], "c": {}}, "d": SECRET}
    assert list(values_in(tree)) == [(("a", "b"), [1]), (("a", "c"), {}), (("d",), SECRET)]
    assert list(values_in({})) == []
    assert at(tree, ("a", "b")) == [1]
    assert at(tree, ("d", "x")) is None


def test_the_first_of_two_leaves_that_exclude_each_other_stays():
    assert tree_of([(("a",), 1), (("a", "b"), 2)]) == {"a": 1}
    tree = {"a": SECRET}
    put(tree, ("a", "version"), 2)
    assert tree == {"a": SECRET}


@given(TREES)
def test_a_tree_is_its_values_in(tree):
    assert tree_of(values_in(tree)) == tree


@given(TREES, TREES)
def test_a_difference_leads_from_one_tree_to_the_other(below, want):
    assert laid(below, difference(below, want)) == want
    assert difference(want, want) == {}


def test_the_order_of_a_difference_is_that_of_the_trees():
    assert list(difference({"z": 1, "m": 1, "a": 1}, {"b": 1})) == ["b", "z", "m", "a"]


def test_equal_values_have_equal_keys():
    assert key_of({"a": 1, "b": 2}) == key_of({"b": 2, "a": 1})
    assert key_of(True) != key_of(1)
