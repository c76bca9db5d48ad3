"""What may be hidden in a text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.fleet.shown import printable, shown


@pytest.mark.parametrize(
    "text",
    [
        "queen-street-210",
        "Kōwhai é ñ",
        "東京",
        "👍🏽 ❤️ 👩‍🚀 🇳🇿",  # skin tone, selector, joiner, flag
        "می‌خواهم",  # Persian with its non-joiner
        "क्‍ष",  # Hindi with its joiner
        "C:\\new",
    ],
)
def test_what_people_write_is_left_alone(text):
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\u202eb", "a\\u202eb"),  # turns what follows around
        ("a\u2066b\u2069", "a\\u2066b\\u2069"),
        ("a\u200bb", "a\\u200bb"),  # no width
        ("a\u200db", "a\\u200db"),  # a joiner of nothing
        ("👍\u200d", "👍\\u200d"),
        ("a\ufe0f", "a\\ufe0f"),
        ("\ufeffa", "\\ufeffa"),
        ("a\u00adb", "a\\u00adb"),  # soft hyphen
        ("a\u00a0b", "a\\u00a0b"),  # a space that is another one
        ("a\u3164b", "a\\u3164b"),  # filler
        ("a\u2800b", "a\\u2800b"),
        ("a\U000e0041", "a\\U000e0041"),  # tag
        ("a\U000e0100", "a\\U000e0100"),
        ("\ue000", "\\ue000"),  # private use
        ("a\x1b[31m\x9b", "a\\u001b[31m\\u009b"),
        ("a\n\r\tb\x85\u2028", "a\\n\\r\\tb\\u0085\\u2028"),
        ("\ud800", "\\ud800"),
    ],
)
def test_characters_that_steer_or_deceive_are_escaped(text, expected):
    assert printable(text) == expected


@given(st.text())
def test_every_text_is_one_line_that_can_be_encoded(text):
    shown_as = printable(text)
    assert len(shown_as.splitlines()) <= 1
    shown_as.encode()
    assert printable(shown_as) == shown_as


def test_a_value_is_short_and_without_secrets():
    assert shown({"password": "hunter2", "a": 1}) == '{"password": "***", "a": 1}'
    assert shown("x" * 100) == "x" * 60 + "..."
    assert shown("a\nb") == "a\\nb"
