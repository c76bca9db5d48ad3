"""YAML is read as version 1.2 defines it, with a place for each value."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.fleet import yaml
from edgeops.fleet.yaml_build import MAX_DEPTH
from edgeops.jsonvalue import leaves, pointer


def value(text: str) -> object:
    documents, problems = yaml.load("a.yaml", text.encode())
    assert not problems
    return documents[0].value


def problems(data: str | bytes) -> list[str]:
    wrong = yaml.load("a.yaml", data.encode() if isinstance(data, str) else data)[1]
    return [f"{p.place.line}:{p.place.column} {p.message}" for p in wrong]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("NO", "NO"),
        ("yes", "yes"),
        ("on", "on"),
        ("True", True),
        ("FALSE", False),
        ("~", None),
        ("Null", None),
        ("1:30", "1:30"),
        ("2024-01-02", "2024-01-02"),
        ("1_000", "1_000"),
        ("010", 10),
        ("0o17", 15),
        ("0x1F", 31),
        ("+12", 12),
        ("-0", 0),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("6.", 6.0),
        ("1.0.0", "1.0.0"),
        ("=", "="),
        ("10%", "10%"),
        ("'1'", "1"),
        ('"null"', "null"),
        ("!!str 7", "7"),
        ("! 7", "7"),
    ],
)
def test_scalars_are_those_of_yaml_1_2_core(text: str, expected: object) -> None:
    loaded = value(f"a: {text}")
    assert loaded == {"a": expected}
    assert type(loaded["a"]) is type(expected)  # type: ignore[index]


def test_every_value_has_its_place_and_a_member_that_of_its_key() -> None:
    documents, _ = yaml.load("a.yaml", b"# first\na:\n  - x\n  - b/c: 1\n---\nz: {}\n")
    assert documents[0].marks == {
        "": (2, 1),
        "/a": (2, 1),
        "/a/0": (3, 5),
        "/a/1": (4, 5),
        "/a/1/b~1c": (4, 5),
    }
    assert str(documents[1].place("/z/not/there")) == "a.yaml:6:1"


def test_columns_count_characters() -> None:
    documents, _ = yaml.load("a.yaml", "{é: 1, b: 2}".encode())
    assert documents[0].marks["/b"] == (1, 8)


def test_an_alias_repeats_the_value_and_the_places_below_it() -> None:
    documents, _ = yaml.load("a.yaml", b"a: &x {b: [1]}\nc: *x\n")
    assert documents[0].value == {"a": {"b": [1]}, "c": {"b": [1]}}
    assert documents[0].marks["/c"] == (2, 1)
    assert documents[0].marks["/c/b/0"] == documents[0].marks["/a/b/0"] == (1, 12)


def test_a_later_anchor_of_the_same_name_counts() -> None:
    assert value("a: &x 1\nb: &x {c: 2}\nd: *x") == {"a": 1, "b": {"c": 2}, "d": {"c": 2}}


def test_documents_before_a_syntax_error_are_kept_and_empty_ones_skipped() -> None:
    documents, wrong = yaml.load("a.yaml", b"a: 1\n---\n---\n# nothing\n---\nb: 2\n---\n[")
    assert [document.value for document in documents] == [{"a": 1}, {"b": 2}]
    assert len(wrong) == 1


def test_the_other_documents_of_a_file_survive_a_bad_one() -> None:
    documents, wrong = yaml.load("a.yaml", b"a: 1\na: 2\n---\nb: 2\n")
    assert [document.value for document in documents] == [{"b": 2}]
    assert len(wrong) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\na: 2\na: 3", ["2:1 duplicate key `a`", "3:1 duplicate key `a`"]),
        ("a: 1\n'a': 2", ["2:1 duplicate key `a`"]),
        ("1: x", ["1:1 the key `1` is not text"]),
        ("? {a: 1}\n: x", ["1:3 a key must be text, not an object or a list"]),
        ("a: &k b\n*k : c", ["2:1 a key must be text, not the alias `*k`"]),
        ("<<: {a: 1}", ["1:1 merge keys (`<<`) are not YAML 1.2"]),
        ("a: !x 1\nb: !!int '1'", ["1:4 the tag `!x` is not supported", "2:4 the tag `!!int`"]),
        ("a: -.INF\nb: .nan", ["1:4 `-.INF` is not a number in JSON", "2:4 `.nan` is not"]),
        ("a: 1e999", ["1:4 `1e999` is not a number in JSON"]),
        ("a: " + "9" * 5000, ["1:4 is a number of 5000 digits"]),
        ("a: *b", ["1:4 the alias `*b` has no anchor `&b` above it"]),
        ("a: &a {b: *a}", ["1:11 the alias `*a` is inside its own anchor"]),
        ('"\\e[31m": 1\n"\\e[31m": 2', ["2:1 duplicate key `\\u001b[31m`"]),
        (b"a: b\nc: \xff", ["2:4 is not UTF-8 text"]),
        (b"\xff\xfea\0", ["1:1 is not UTF-8 text"]),
        (b"a: \0", ["1:4 holds the character U+0000"]),
        (b"\xef\xbb\xbfa: b: c", ["1:5 is not YAML: mapping values are not allowed"]),
    ],
)
def test_what_json_cannot_hold_or_people_would_misread_is_refused(
    text: str | bytes, expected: list[str]
) -> None:
    messages = problems(text)
    assert len(messages) == len(expected)
    assert all(got.startswith(start) for got, start in zip(messages, expected, strict=True)), (
        messages
    )


def bomb(levels: int) -> str:
    first = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]"
    more = (f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, levels))
    return "\n".join([first, *more])


def chain(links: int) -> str:
    return "\n".join(["a0: &a0 [x]", *(f"a{i}: &a{i} [*a{i - 1}]" for i in range(1, links))])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (bomb(10), "more than 100,000 values"),
        (chain(MAX_DEPTH + 1), "nested deeper than 64 levels"),
        ("[" * 500_000, "nested deeper than 64 levels"),
        ("[" * 500_000 + "]" * 500_000, "nested deeper than 64 levels"),
        ("- " * 500_000, "nested deeper than 64 levels"),
        ("a: " * 300_000, "mapping values are not allowed"),
        ("[" + "a," * 500_000 + "]", "more than 100,000 values"),
        ("x" * (yaml.MAX_BYTES + 1), "a file can have at most 1,048,576"),
    ],
    ids=["bomb", "chain", "open", "closed", "dashes", "colons", "wide", "large"],
)
def test_huge_input_is_refused_soon(text: str, expected: str) -> None:
    start = time.process_time()
    assert expected in problems(text)[0]
    assert time.process_time() - start < 3


def test_depth_up_to_the_limit_is_fine() -> None:
    assert not problems("[" * MAX_DEPTH + "]" * MAX_DEPTH)


KEY = "k" * 1000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{{{'k' * 1025}: 1}}", "a key has 1,025 characters; it can have at most 1,024"),
        (f"{{{KEY}: {{{KEY}: {{{KEY}: [{'1,' * 20_000}]}}}}}}", "the keys above many values are"),
        (f"- &a {'x' * 50_000}\n- [{'*a,' * 100}]", "more than 4,194,304 characters, aliases"),
        (f"- &a [{'x' * 50_000}]\n- [{'*a,' * 100}]", "more than 4,194,304 characters, aliases"),
        (f"- &a {{{KEY}: {{}}}}\n- [{'*a,' * 5000}]", "more than 4,194,304 characters, aliases"),
    ],
)
def test_what_would_take_much_memory_is_refused(text: str, message: str) -> None:
    (problem,) = problems(text)
    assert message in problem


def test_a_document_has_the_room_for_itself() -> None:
    assert not problems("---\n".join(f"- &a {'x' * 50_000}\n- [{'*a,' * 60}]\n" for _ in "ab"))


def test_without_the_c_parser_all_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    import yaml as pyyaml

    text = "\ufeffa: &x [1, {b: é}]\nc: *x\n---\n1: NO\n---\na: b: c".encode()
    with_c = yaml.load("a.yaml", text)
    monkeypatch.delattr(pyyaml, "CLoader")
    documents, wrong = yaml.load("a.yaml", text)
    assert documents == with_c[0]
    assert [p.place.line for p in wrong] == [p.place.line for p in with_c[1]]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**52), 2**52) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=6), json_values))
def test_what_pyyaml_writes_is_read_back_with_a_mark_for_every_value(wanted: object) -> None:
    import yaml as pyyaml

    text = pyyaml.safe_dump(wanted, allow_unicode=True, default_style='"').encode(
        "utf-8", "surrogatepass"
    )
    documents, wrong = yaml.load("a.yaml", plain_numbers(text))
    assert not wrong
    assert documents[0].value == wanted
    assert all(pointer(*path) in documents[0].marks for path, _ in leaves(wanted))


def plain_numbers(text: bytes) -> bytes:
    """PyYAML tags what is not text when it must quote it; take tag and quotes away."""
    import re

    return re.sub(rb'!!(?:int|bool|null) "(.*?)"', rb"\1", text)


@given(st.binary(max_size=60) | st.text(alphabet="ab:-[]{}&*!<#'\"|>%@ \n\t1?,", max_size=40))
def test_no_input_makes_the_parser_raise(data: bytes | str) -> None:
    yaml.load("a.yaml", data if isinstance(data, bytes) else data.encode())
