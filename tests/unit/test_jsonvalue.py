"""JSON values: pointers, leaves, comparison, merge patch."""

from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.jsonvalue import keys_of, leaves, merge_patch, pointer, same
from tests.support.json_values import patches, sections


class TestPointers:
    @pytest.mark.parametrize(
        ("path", "text"),
        [((), ""), (("a", "b"), "/a/b"), (("a/b", "m~n"), "/a~1b/m~0n"), (("list", 3), "/list/3")],
    )
    def test_pointer(self, path, text):
        assert pointer(*path) == text
        assert keys_of(text) == tuple(map(str, path))

    @given(st.lists(st.text()))
    def test_round_trip(self, path):
        assert keys_of(pointer(*path)) == tuple(path)

    def test_leaves_are_sorted_and_an_empty_object_is_one(self):
        assert list(leaves({"b": {}, "a": {"y": [1], "x": None}})) == [
            (("a", "x"), None),
            (("a", "y"), [1]),
            (("b",), {}),
        ]


class TestSame:
    @pytest.mark.parametrize(
        ("a", "b", "expected"),
        [
            (1, 1.0, True),
            (1, True, False),
            (0, False, False),
            ([1], [True], False),
            ([1, 2], [1], False),
            ({"a": [{"b": 1}]}, {"a": [{"b": 1.0}]}, True),
            ({"a": 1}, {"a": 1, "b": 2}, False),
            ("1", 1, False),
            (None, False, False),
            ({}, [], False),
        ],
    )
    def test_by_type_and_value(self, a, b, expected):
        assert same(a, b) is expected
        assert same(b, a) is expected


class TestMergePatch:
    @pytest.mark.parametrize(
        ("target", "patch", "result"),
        [  # the examples of RFC 7396, appendix A, that concern objects
            ({"a": "b"}, {"a": "c"}, {"a": "c"}),
            ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
            ({"a": "b"}, {"a": None}, {}),
            ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
            ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
            ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
            ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
            ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
            (["a", "b"], ["c", "d"], ["c", "d"]),
            ({"a": "b"}, ["c"], ["c"]),
            ({"a": "foo"}, None, None),
            ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
            ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
            ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
        ],
    )
    def test_rfc_7396(self, target, patch, result):
        assert merge_patch(target, patch) == result

    @given(sections, patches)
    def test_changes_neither_argument(self, target, patch):
        before = deepcopy((target, patch))
        merge_patch(target, patch)
        assert (target, patch) == before

    @given(sections, patches)
    def test_is_idempotent(self, target, patch):
        once = merge_patch(target, patch)
        assert same(merge_patch(once, patch), once)
