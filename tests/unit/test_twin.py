"""The three-way diff of a twin section."""

from copy import deepcopy

from hypothesis import example, given
from hypothesis import strategies as st

from edgeops.jsonvalue import leaves, merge_patch, same
from edgeops.twin import diff
from tests.support.json_values import sections


def paths(section):
    return {path for path, _ in leaves(section) if path}


def at(section, path):
    """The value at a path, wrapped; None when there is none."""
    value = section
    for key in path:
        if not isinstance(value, dict) or key not in value:
            return None
        value = value[key]
    return [value]


def related(a, b):
    """Whether one path is the other, or lies below it."""
    shorter = min(len(a), len(b))
    return a[:shorter] == b[:shorter]


class TestDiff:
    def test_is_minimal(self):
        live = {"a": 1, "b": {"c": 2, "d": 3}, "theirs": 4}
        assert diff(live, {"a": 1, "b": {"c": 5}}) == {"b": {"c": 5}}

    def test_an_owned_path_that_git_no_longer_names_is_deleted(self):
        live = {"ours": 1, "theirs": 2, "b": {"ours": 3, "theirs": 4}}
        owned = [("ours",), ("b", "ours")]
        assert diff(live, {}, owned) == {"ours": None, "b": {"ours": None}}

    def test_an_object_that_this_empties_goes_too(self):
        assert diff({"b": {"x": 1, "y": 2}}, {}, [("b", "x"), ("b", "y")]) == {"b": None}

    def test_a_path_that_is_gone_already_is_not_deleted_again(self):
        assert diff({}, {}, [("a",), ("b", "c")]) == {}

    def test_an_owned_leaf_that_others_made_an_object_stays(self):
        assert diff({"a": {"theirs": 1}}, {}, [("a",)]) == {}

    def test_what_one_device_owns_has_no_say_on_the_next(self):
        live = {"a": {"b": 1, "c": 2}}
        assert diff(live, {"a": {"c": 2}}, [("a", "b")]) == {"a": {"b": None}}
        assert diff(live, {}, [("a", "b")]) == {"a": {"b": None}}
        assert diff(live, {"a": {"c": 2}}, []) == {}
        assert diff(live, {"a": {"c": 2}}, [("a", "b")]) == {"a": {"b": None}}

    @given(sections)
    def test_of_equals_is_empty(self, section):
        assert diff(section, deepcopy(section), paths(section)) == {}

    @given(sections, sections, st.data())
    @example({"a": [1]}, {"a": [True]}, None)
    @example({"a": 1}, {"a": {}}, None)
    @example({"a": {}}, {"a": {"b": {}}}, None)
    def test_merged_is_what_git_wants_and_foreign_paths_as_they_were(self, live, want, data):
        possible = sorted(paths(live) | paths(want))
        owned = data.draw(st.sets(st.sampled_from(possible))) if data and possible else set()
        merged = merge_patch(live, diff(live, want, owned))
        for path, value in leaves(want):
            if path and value != {}:
                assert same(at(merged, path), [value])
            elif path:
                assert isinstance(at(merged, path)[0], dict)
        named = paths(want) | owned
        for path, value in leaves(live):
            if path and not any(related(path, other) for other in named):
                assert same(at(merged, path), [value])

    @given(sections, sections, st.data())
    def test_a_second_diff_is_empty(self, live, want, data):
        possible = sorted(paths(live))
        owned = data.draw(st.sets(st.sampled_from(possible))) if possible else set()
        merged = merge_patch(live, diff(live, want, owned))
        assert diff(merged, want, owned) == {}

    @given(sections, sections)
    def test_owning_nothing_deletes_nothing(self, live, want):
        removed = [path for path, value in leaves(diff(live, want)) if value is None]
        assert removed == []

    @given(sections, sections, st.data())
    def test_only_owned_paths_are_deleted(self, live, want, data):
        possible = sorted(paths(live))
        owned = data.draw(st.sets(st.sampled_from(possible))) if possible else set()
        for path, value in leaves(diff(live, want, owned)):
            if value is None:
                below = {leaf for leaf in paths(live) if leaf[: len(path)] == path}
                assert below <= owned
