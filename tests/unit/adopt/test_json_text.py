"""JSON is read as people and tools write it; what cannot be read says where and why."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.adopt.json_text import MAX_BYTES, MAX_DEPTH, BadJson, read_json, read_text
from edgeops.jsonvalue import leaves, pointer

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)  # fmt: skip


def wrong(data: str | bytes) -> str:
    with pytest.raises(BadJson) as error:
        read_json("a.json", data.encode() if isinstance(data, str) else data)
    problem = error.value.problem
    return f"{problem.place.line}:{problem.place.column} {problem.message}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": 1} // the end', {"a": 1}),
        ('/* head */ {"a": /* one */ 1, /* two\nlines */ }', {"a": 1}),
        ('{"url": "http://x/*y*/"}', {"url": "http://x/*y*/"}),
        ("[1, 2,]", [1, 2]),
        ('{"a": "1\t2",}', {"a": "1\t2"}),
        ("[${PORT}, $PORT, <port>]", ["${PORT}", "$PORT", "<port>"]),
        ("[{{port}}, #{port}#, __PORT__]", ["{{port}}", "#{port}#", "__PORT__"]),
        ("\ufeff{}", {}),
    ],
)  # fmt: skip
def test_more_than_json_is_allowed(text, expected):
    assert read_json("a.json", text.encode()).value == expected


def test_a_file_that_powershell_redirected_is_read():
    assert read_json("a.json", '\ufeff{"ü": 1}'.encode("utf-16-le")).value == {"ü": 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "1:1 is empty"),
        ("  // nothing", "1:13 is empty"),
        ('{"a": 1', "1:8 is not JSON: the end of the file where `,` or `}` should be"),
        ('{"a":', "1:6 is not JSON: the end of the file where a value should be"),
        ('{"a": "b\n"}', "1:7 is not JSON: a text without an end"),
        ('{\n "a": 1\n "b": 2}', '3:2 is not JSON: `"` where `,` or `}` should be'),
        ("{a: 1}", "1:2 is not JSON: a text without quotes where a key should be"),
        ("{'a': 1}", "1:2 is not JSON: `'` where a key should be"),
        ('{"a" 1}', "1:6 is not JSON: a number where a `:` should be"),
        ("[1] 2", "1:5 is not JSON: a number after the end"),
        ("<<<<<<< HEAD", "1:1 is not JSON: `<` where a value should be"),
        ("/* {}", "1:1 is not JSON: a comment without an end"),
        ("[NaN]", "1:2 is not JSON: `NaN` where a value should be"),
        ('{"pass": hunter2}', "1:10 is not JSON: a text without quotes where a value should be"),
        ("[1e999]", "1:2 the number is too large"),
        (f"[{'9' * 5000}]", "1:2 the number is too large"),
        (r'["\ud800"]', "1:2 a text holds half a character (a lone surrogate)"),
        (r'["\q"]', "1:2 is not JSON: an unknown escape in a text"),
        ('{"a": {"b": 1,\n "b": 2}}', "2:2 duplicate key `b`"),
        ("[" * 1_000_000, f"1:{MAX_DEPTH + 1} is nested deeper than {MAX_DEPTH} levels"),
        ("[" * 65 + "]" * 65, f"1:{MAX_DEPTH + 1} is nested deeper than {MAX_DEPTH} levels"),
        (b'{"a": "\xff"}', "1:8 is not UTF-8 text"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_where_and_why(text, message):
    assert wrong(text) == message


def test_a_file_that_is_too_large_is_refused():
    message = "1:1 is 67,108,865 bytes; a file can have at most 67,108,864"
    assert wrong(bytes(MAX_BYTES + 1)) == message


def test_every_value_has_its_place():
    source = read_text("a.json", '{\n  "a": [\n    1,\n    {"b/c": 2}\n  ]\n}')
    assert str(source.place("/a")) == "a.json:2:3"
    assert str(source.place("/a/0")) == "a.json:3:5"
    assert str(source.place("/a/1/b~1c")) == "a.json:4:6"
    assert str(source.place("/a/1/none/below")) == "a.json:4:5"


def test_json_net_reads_apostrophes_and_bare_keys():
    text = r"""{'HostConfig': {Binds: ['/a:/b', 'it\'s "x"']}}"""
    expected = {"HostConfig": {"Binds": ["/a:/b", 'it\'s "x"']}}
    assert read_text("a.json", text, relaxed=True).value == expected


@given(JSON)
def test_all_json_is_read_alike_with_and_without_a_comment(value):
    text = json.dumps(value)
    assert read_text("a.json", text).value == value
    tolerant = read_text("a.json", text + "//")
    assert tolerant.value == value
    for path, _ in leaves(value):
        assert tolerant.place(pointer(*path)).line == 1


@given(st.text(alphabet='{}[]",:\\/*$<>#_ab1 \n\ud800'))
def test_any_text_is_read_or_refused(text):
    for relaxed in (False, True):
        with suppress(BadJson):
            assert read_text("a.json", text, relaxed=relaxed).place("/0").line >= 1
