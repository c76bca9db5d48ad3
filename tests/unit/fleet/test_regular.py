"""Regular expressions of schemas: which are allowed, and that they take linear time."""

from __future__ import annotations

import pytest

from edgeops.fleet.regular import MAX_EXPRESSIONS, BadExpression, Expressions


@pytest.mark.parametrize(
    ("expression", "text", "matches"),
    [
        ("a+$", "baa", True),
        ("^a$", "a\n", False),
        (r"^\u00e9$", "é", True),
        (r"^\\u00e9$", "é", False),
        ("^a{,2}$", "aa", True),
        ("^a{,2}$", "aaa", False),
        (r"^\d$", "٣", False),  # digits of ECMA 262 are those of ASCII
        (r"^[A-Z]{2}-\d{1,3}$", "NZ-649", True),
        ("^[^ /]+/$", "é/", True),
        ("", "", True),
        (".", "\ud800", True),
    ],
)
def test_which_texts_an_expression_matches(expression: str, text: str, matches: bool) -> None:
    assert Expressions().search(expression, text) is matches


@pytest.mark.parametrize("expression", ["^(a+)+$", "^(a|a)*$", "(a*)*b", "(.*)*(.*)*x"])
def test_nothing_backtracks(expression: str) -> None:
    assert not Expressions().search(expression, "a" * 10_000 + "!")


@pytest.mark.parametrize(
    ("expression", "message", "hint"),
    [
        ("(", "`(` is not a valid regular expression", ""),
        ("a{1001}", "`a{1001}` is not a valid regular expression", "repeats up to 1,000"),
        ("a{99999999999}", "is not a valid regular expression", "repeats up to 1,000"),
        ("a{1000}{1000}{1000}", "is not a valid regular expression", "repeats up to 1,000"),
        ("((a{100}){10}){10}", "is not a valid regular expression", "repeats up to 1,000"),
        ("(" * 5000, "is not a valid regular expression", ""),
        ("\ud800", r"`\ud800` is not a valid regular expression", ""),
        ("^(?!a)", "is not a regular expression that edgeops supports", "without look-around"),
        (r"(a)\1", "is not a regular expression that edgeops supports", "backreferences"),
    ],
)
def test_which_expressions_are_refused(expression: str, message: str, hint: str) -> None:
    with pytest.raises(BadExpression) as refused:
        Expressions().size(expression)
    assert message in refused.value.message
    assert hint in refused.value.hint
    assert len(refused.value.message) < 200


def test_the_number_of_expressions_of_a_schema_is_bounded() -> None:
    many = Expressions()
    for number in range(MAX_EXPRESSIONS):
        many.size(f"a{number}")
    many.size("a0")
    with pytest.raises(BadExpression, match="too many regular expressions"):
        many.size("b")


def test_the_size_of_all_expressions_together_is_bounded() -> None:
    large = Expressions()
    for number in range(12):  # of 8,000 instructions
        large.size(f"{number}.{{1000}}")
    with pytest.raises(BadExpression, match="too many regular expressions"):
        large.size("x.{1000}")
