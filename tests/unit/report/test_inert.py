"""Foreign text in terminals and logs."""

import pytest
from hostile import HOSTILE, commands
from hypothesis import example, given
from hypothesis import strategies as st

from edgeops.fleet.model import Place, Problem
from edgeops.report import problems
from edgeops.report.documents import dump_json, dump_yaml, json_line
from edgeops.report.inert import line, lines, one_line
from edgeops.report.style import bold, columns, red, render

VALUE = st.recursive(
    HOSTILE,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(HOSTILE, inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.parametrize(
    "text",
    [
        "::error::x",
        "  ::error file=a::x",
        "\u200d::error::x",
        "a ##[error]x",
        "#\U0001d165#[group]",
    ],
)
def test_the_runner_takes_these_lines_for_commands(text):
    assert commands(text) == [text]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("::error::x", "\\::error::x"),
        ("  ::error::x", "  \\::error::x"),
        ("a ::error::x", "a ::error::x"),
        ("a ##[error]x", "a ##\\[error]x"),
        ("#é#[error]x", "#é#\\[error]x"),
        ("fe80::1", "fe80::1"),
        ("a\n::error::x", "a\\n::error::x"),
        ("a\r##[error]x", "a\\r##\\[error]x"),
        ("# a [link]", "# a [link]"),
    ],
)
def test_a_line_is_not_a_command(text, shown):
    assert line(text) == shown


@given(HOSTILE)
@example("http://http://http://@x")  # a masked password makes the text before it look like one
@example("http://\U00018d09\U00018d09\U00018d09\U00018d09@x")  # its escapes look like a token
def test_no_line_is_a_command_whatever_is_in_it(text):
    shown = line(text)
    assert not commands(shown)
    assert len(shown.splitlines()) <= 1
    assert not commands(f"x {one_line(text)}")
    assert line(shown) == shown


@given(st.lists(st.lists(HOSTILE, max_size=4), max_size=3))
def test_no_rendered_line_is_a_command(rows):
    text = render(rows, color=False)
    assert not commands(text)
    assert len(text.split("\n")) == len(text.splitlines() or [""]) or text.endswith("\n")
    assert not commands(render(columns(rows), color=False))


@given(HOSTILE, HOSTILE)
def test_pieces_of_a_line_make_no_command_together(first, second):
    assert not commands(render([[red(first), bold(second)]], color=False))
    assert not commands(render([["##", "[error]x"], [":", ":error::x"]], color=False))


@given(st.text(max_size=300) | HOSTILE)
def test_several_lines_stay_several_lines(text):
    assert not commands(lines(f"{text}\n{text}"))
    assert lines("a\n  b\n") == "a\n  b\n"


@given(VALUE)
def test_no_document_is_a_command(value):
    for document in (dump_json(value), json_line(value), dump_yaml({"a": value}), dump_yaml(value)):
        assert not commands(document)
        assert document.isascii() or not any(map(_steers, document))
        document.encode()


def _steers(character):
    return character != "\n" and not character.isprintable() and character not in "\u200c\u200d"


PROBLEM = st.builds(Problem, st.builds(Place, HOSTILE), HOSTILE, HOSTILE, HOSTILE)


@given(st.lists(PROBLEM, max_size=14))
def test_problems_are_annotations_or_plain_lines(drawn):
    assert not commands(problems.text(drawn))
    assert not commands(problems.as_json(drawn))
    shown = commands(problems.github(drawn)) if drawn else []
    assert len(shown) == min(len(drawn), problems.GITHUB_ANNOTATIONS)
    assert all(command.startswith("::error file=") for command in shown)
