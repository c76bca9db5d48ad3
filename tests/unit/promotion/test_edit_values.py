"""The edit of any value at any depth: where it goes, how it looks, when it is refused."""

from textwrap import dedent

import pytest

from edgeops.errors import EdgeOpsError
from edgeops.promotion.edit import set_value

HEAD = "kind: Group\nmetadata: {name: canary}\n"
IMAGE = ("modules", "opc", "image")


def after(text, path, value):
    text = HEAD + dedent(text)
    return set_value(text, "canary", path, value).removeprefix(HEAD)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("opc:2", "opc:2"),
        ("1.10", '"1.10"'),
        ("on", '"on"'),
        ("0612", '"0612"'),
        ("1e3", '"1e3"'),
        ("", '""'),
        ("null", '"null"'),
        ("a: b", '"a: b"'),
        ("a #b", '"a #b"'),
        ("${tag}", '"${tag}"'),
        ("two\nlines", r'"two\nlines"'),
        ('"hi" he said', "'\"hi\" he said'"),
        ("a, b", '"a, b"'),
        (5, "5"),
        (1.5, "1.5"),
        (True, "true"),
        (None, "null"),
        ([1, "a, b"], '[1, "a, b"]'),
        ({"a": {"b": []}}, "{a: {b: []}}"),
    ],
)
def test_a_value_is_written_so_that_it_is_read_the_same(value, written):
    text = "spec:\n  selector: {}\n  desired:\n    a: old   # why\n    b: 1\n"
    expected = text.replace("a: old ", f"a: {written} ")
    assert after(text, ("desired", "a"), value) == expected


@pytest.mark.parametrize(
    ("old", "value", "new"),
    [
        ("'old'", "new", "'new'"),
        ('"old"', "it's", '"it\'s"'),
        ("'old'", "it's", "'it''s'"),
        ("'old'", 5, "5"),
        ("!!str 5", 6, "6"),
        ("[1, 2]", [1, 2, 3], "[1, 2, 3]"),
        ("{b: 1, c: x}", {"b": 2, "c": "x"}, "{b: 2, c: x}"),
        ("{b: 1, c: x}", {"b": 1}, "{b: 1}"),
        ("{b: 1}", "text", "text"),
    ],
)
def test_the_style_of_the_old_value_stays(old, value, new):
    text = "spec: {{selector: {{}}, desired: {{ a: {} }}}}  # why\n"
    assert after(text.format(old), ("desired", "a"), value) == text.format(new)


@pytest.mark.parametrize(
    ("spec", "value", "lines"),
    [
        ("", "opc:2", ["  modules:", "    opc: {image: opc:2}"]),
        ("  modules:\n    other: {}\n", "opc:2", ["    opc: {image: opc:2}"]),
        ("  modules:\n    opc:\n      env: {A: b}\n", "opc:2", ["      image: opc:2"]),
        ("  modules:\n      opc:\n         env: {A: b}\n", "1.10", ['         image: "1.10"']),
        ("", {"a": [1, {"b": 2}]}, ["  modules:", "    opc:", "      image:", "        a:"]),
    ],
)
def test_missing_parents_are_written_in_block_style(spec, value, lines):
    text = f"spec:\n  selector: {{}}\n{spec}  # the end\n"
    added = after(text, IMAGE, value).removeprefix(f"spec:\n  selector: {{}}\n{spec}")
    assert added.removeprefix("  # the end\n").splitlines()[: len(lines)] == lines


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("modules: {}", "modules: {opc: {image: opc:2}}"),
        ("modules: {opc: {}}", "modules: {opc: {image: opc:2}}"),
        ("modules: {opc: {env: {A: b}}}", "modules: {opc: {env: {A: b}, image: opc:2}}"),
        ("modules: { x: {} }  # why", "modules: { x: {}, opc: {image: opc:2} }  # why"),
    ],
)
def test_a_flow_layer_stays_one(before, expected):
    text = "spec:\n  selector: {{}}\n  {}\n  tags: {{}}\n"
    assert after(text.format(before), IMAGE, "opc:2") == text.format(expected)


BLOCK = """\
spec:
  selector: {}
  desired:
    hosts:  # of the plant
    # the first one is the main one
    - a
    - b  # backup
    sampling:
      rate: 5   # Hz
      # off at night
      night: false

    last: 1
"""


def test_a_list_in_block_style_stays_one():
    expected = BLOCK.replace("    - a\n    - b  # backup\n", "    - c\n")
    assert after(BLOCK, ("desired", "hosts"), ["c"]) == expected


def test_an_object_keeps_the_lines_and_comments_of_what_stays():
    new = {"rate": 10, "night": False, "mode": "fast"}
    expected = BLOCK.replace("rate: 5 ", "rate: 10 ").replace(
        "      night: false\n", "      night: false\n      mode: fast\n"
    )
    assert after(BLOCK, ("desired", "sampling"), new) == expected


def test_an_object_that_loses_a_member_is_written_anew():
    expected = BLOCK.replace(
        "      rate: 5   # Hz\n      # off at night\n      night: false\n", "      rate: 5\n"
    )
    assert after(BLOCK, ("desired", "sampling"), {"rate": 5}) == expected


@pytest.mark.parametrize(
    ("value", "written"), [("text", "text"), (5, "5"), (None, "null"), ({}, "{}"), ([], "[]")]
)
def test_a_scalar_takes_the_place_of_lines(value, written):
    expected = BLOCK.replace("hosts:", f"hosts: {written}").replace(
        "    - a\n    - b  # backup\n", ""
    )
    assert after(BLOCK, ("desired", "hosts"), value) == expected


def test_a_list_takes_the_place_of_an_object_and_back():
    listed = after(BLOCK, ("desired", "sampling"), [1, 2])
    assert "    sampling:\n      - 1\n      - 2\n\n    last: 1\n" in listed
    kept = after(BLOCK, ("desired", "hosts"), {"main": "a"})
    assert (
        "    hosts:  # of the plant\n    # the first one is the main one\n      main: a\n" in kept
    )


@pytest.mark.parametrize(
    ("spec", "path", "value"),
    [
        ("modules: &all {opc: {image: a}}\n  tags: {x: *all}", IMAGE, "b"),
        ("desired: {now: &all {opc: {image: a}}}\n  modules: *all", IMAGE, "b"),
        ("desired: {now: &one {image: a}}\n  modules: {opc: *one}", IMAGE, "b"),
        ("desired:\n    a: &a\n      x: 1\n    b: *a", ("desired", "a"), [1]),
        ("modules: {opc: null}", IMAGE, "b"),
        ("modules: {opc: text}", IMAGE, "b"),
        ("desired:\n    ? a\n    : 1", ("desired", "a", "b"), 2),
    ],
)
def test_what_cannot_be_changed_alone_is_refused_with_what_to_write(spec, path, value):
    with pytest.raises(EdgeOpsError, match="of group `canary` cannot be changed alone") as refused:
        after(f"spec:\n  selector: {{}}\n  {spec}\n", path, value)
    assert f"write `{path[-1]}: " in refused.value.hint


def test_a_refusal_tells_no_secret():
    path = ("desired", "password")
    with pytest.raises(EdgeOpsError) as refused:
        after("spec: {selector: {}, tags: {a: &a {}}, desired: *a}\n", path, "hunter2 secret")
    assert "hunter2" not in refused.value.hint + refused.value.message


def test_one_is_not_true():
    text = "spec: {selector: {}, desired: {a: 1}}\n"
    assert after(text, ("desired", "a"), True) == text.replace("1", "true")
    assert after(text, ("desired", "a"), 1) == text
