"""What is read line by line is read as the parser reads it, or not at all."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edgeops.fleet import yaml
from edgeops.fleet.written import as_written
from edgeops.fleet.yaml_quick import quick_load

DEVICE = """\
# a device
apiVersion: edgeops/v1
kind: Device
metadata:
  name: queen-street-210   # its id
  labels: {site: auckland, "ring": '1'}
spec:
  tags: {}
  desired:
    interval: 60
    ratio: 0.25
    on: true
    nothing:
    url: https://example.net/a#b
    text: 'a: b'
    list:
    - 1
    - name: a
      zones: [1, "2", [x], {a: b}]
    nested:
      - [a, b]
      - "c"
  hubs: [local]
"""


def both(text: str) -> tuple[object, object]:
    """What is read quickly, and what the parser reads if it has nothing to say."""
    quick = yaml.load_quick("a.yaml", text.encode(), text.encode)
    documents, problems = yaml.load("a.yaml", text.encode())
    numbers = [problem for document in documents for problem in as_written(document)[1]]
    return quick, None if problems or numbers else documents


def assert_equal_or_deferred(text: str) -> bool:
    quick, documents = both(text)
    if quick is None:
        return False
    assert documents is not None, "the parser has found problems"
    assert quick == documents  # with places
    values = [document.value for document in documents]
    assert [json.dumps(document.value) for document in quick] == list(map(json.dumps, values))
    assert all(as_written(document)[0].value == document.value for document in documents)
    return True


def test_a_manifest_is_read() -> None:
    (document,) = quick_load(DEVICE)
    assert document["metadata"] == {
        "name": "queen-street-210",
        "labels": {"site": "auckland", "ring": "1"},
    }
    assert document["spec"]["desired"] == {
        "interval": 60,
        "ratio": 0.25,
        "on": True,
        "nothing": None,
        "url": "https://example.net/a#b",
        "text": "a: b",
        "list": [1, {"name": "a", "zones": [1, "2", ["x"], {"a": "b"}]}],
        "nested": [["a", "b"], "c"],
    }
    assert assert_equal_or_deferred(DEVICE)
    assert assert_equal_or_deferred(DEVICE.replace("\n", "\r\n"))
    assert assert_equal_or_deferred(f"---\n{DEVICE}---\n---\n{DEVICE}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing\n",
        "---\n",
        "a: 1.10\n",
        "a: 0x10\n",
        "a: .inf\n",
        "a: 9007199254740993\n",
        "a: True\n",
        "a: 1\na: 2\n",
        "{a: 1}\n",
        "- a\n",
        "a: {b: 1, b: 2}\n",
        "a: {b: 1,}\n",
        "a: &x 1\nb: *x\n",
        "a: !!str 1\n",
        "<<: {}\n",
        "null: 1\n",
        "a: |\n  b\n",
        "a: b\n  c\n",
        "a: b\n  - c\n",
        "a: b\n  c: d\n",
        "a:\n    b: 1\n  c: 2\n",
        "a:\n  b: 1\n c: 2\n",
        'a: "x\\u0041"\n',
        'a: "b" # c\n',
        "a:\tb\n",
        "a: b: c\n",
        "a: [1\n",
        "a: b\n...\n",
        "%YAML 1.2\n---\na: b\n",
        "a: @b\n",
        "a: b\u2028c\n",
        "a: \x07\n",
        "a: 'it''s'\n",
        "a: -\n",
        f"a: {'x' * 600}\n",
        "\ufeffa: 1\n",
    ],
)
def test_the_rest_is_left_to_the_parser(text: str) -> None:
    assert yaml.load_quick("a.yaml", text.encode(), text.encode) is None


def test_what_is_not_utf8_is_left_to_the_parser() -> None:
    assert yaml.load_quick("a.yaml", b"a: \xff\n", lambda: b"") is None


WORDS = """a b name null true 1 -1 1.5 1e3 0 ~ - -- --- ... 'x' "x" ' " a:b a: : # a#b [ ] { } , []
    {} {a} [a,b] {a:1} {"a":1} &a *a !x | > % @ ` ? \\ $ = << é 😀 1:30 010 a'b"""
PHRASES = """;'a' b;"a": b;a b;a: b;: a; #c;[a, b];{a: 1};{a: [b], c: {d: e}};{ a: 1 };[ a ]
    ;{"a": 1};[a: 1];[a b, -1];{a: };? a;- a;- - a;- a: b;\xa0;\u3000x;\ufeff;\u2028;\x85;\t;\r"""
LINES = st.builds(
    lambda indent, item, key, value, end: f"{' ' * indent}{item}{key}{value}{end}",
    st.integers(0, 5),
    st.sampled_from(["", "", "", "- ", "-  ", "-"]),
    st.sampled_from(
        ["", "", "a: ", "b: ", "c:", "d:  ", "'a': ", '"e": ', "a-b.c: ", "on: ", "é: "]
    ),
    st.sampled_from(WORDS.split() + PHRASES.split(";")) | st.text(max_size=4),
    st.sampled_from(["", "", "", " ", " # c", " #", "#"]),
)


@given(st.lists(LINES, min_size=1, max_size=7).map("\n".join))
@example("a:\n- b: 1\n  c:\n  - d\n- e\nf: 1")
@example("a: 1\n---\nb: 2")
@example("a:\n  b: 1\n\n  # c\nd: 2\n")
def test_any_lines(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:  # lone surrogates
        return
    assert_equal_or_deferred(text)


SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
) | st.text(max_size=8)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("ab_.-1 ", max_size=4), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from("abcd"), VALUES, min_size=1), st.booleans())
def test_any_value(value: object, flow: bool) -> None:
    import yaml as pyyaml

    text = pyyaml.safe_dump(value, default_flow_style=None if flow else False, allow_unicode=True)
    assert_equal_or_deferred(text)
    assert_equal_or_deferred("".join(f"{k}: {json.dumps(v)}\n" for k, v in value.items()))


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "[" * 500 + "\n",
        ("a: " + "[" * 254 + "]" * 254 + "\n") * 2000,
        "a: " + "{a: " * 120 + "\n",
        "".join(f"{' ' * i}a:\n" for i in range(500)),
        "a: " + "x " * 500_000,
        "a: " + "x: " * 160 + "\n",
        ("a: " + " " * 500 + "#" + "\n") * 2000,
        ("a: " + "x " * 250 + ":\n") * 2000,
        "".join(f"k{i}: v{i}\n" for i in range(9_000)),
        "".join(f"{'k' * 50}{i}: {{}}\n" for i in range(9_000)),
    ],
)
def test_hostile_texts_are_bounded(text: str) -> None:
    begin = time.process_time()
    yaml.load_quick("a.yaml", text.encode(), text.encode)
    assert time.process_time() - begin < 2
