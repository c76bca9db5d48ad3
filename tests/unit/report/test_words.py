"""Counts, lists and durations in words."""

import pytest

from edgeops.report.words import (
    count,
    duration,
    first_names,
    show,
    show_path,
    wrapped_names,
)


def test_counts():
    assert [count(n, "device") for n in (0, 1, 1200)] == ["0 devices", "1 device", "1,200 devices"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "less than a second"),
        (12.4, "12 s"),
        (89, "89 s"),
        (240, "4 min"),
        (3599, "1 h"),
        (4200, "1 h 10 min"),
    ],
)
def test_durations(seconds, words):
    assert duration(seconds) == words


def test_long_lists_end_in_a_count():
    names = ["a", "b", "c", "d"]
    assert first_names(names, 2) == (["a", "b"], "and 2 more")
    assert first_names(names, 3) == (names, "")  # "and 1 more" would be no shorter
    assert first_names(names, None) == (names, "")


def test_names_wrap_at_a_fixed_width_and_never_inside_a_name():
    names = [f"high-street-{n}" for n in range(20)]
    lines = wrapped_names(names, "    ", None)
    assert all(len(line) <= 96 and line.startswith("    high-") for line in lines)
    assert " ".join(line.strip() for line in lines) == ", ".join(names)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (60, "60"),
        (-36.848899, "-36.848899"),
        (True, "true"),
        (None, "null"),
        ("60", '"60"'),
        ({}, "{}"),
        ([1, {"a": None}], '[1, {"a": null}]'),
        ("Kōwhai", '"Kōwhai"'),
        ("line\nbreak", '"line\\nbreak"'),
        ("\u202e\x9b", '"\\u202e\\u009b"'),
    ],
)
def test_values_are_json_on_one_line(value, text):
    assert show(value) == text


def test_json_inside_a_text_needs_no_backslashes():
    assert show('{"Binds": ["/a:/b"]}') == """'{"Binds": ["/a:/b"]}'"""
    assert show("""it's "so\"""") == '"it\'s \\"so\\""'


def test_long_values_are_cut_and_say_how_long_they_are():
    assert show("a" * 1000, limit=5) == '"aaaa… (1,002 chars)'


def test_secrets_are_masked_by_key_and_by_shape():
    assert show("hunter2", ("desired", "password")) == "***"
    assert show("x", ("$edgeAgent", "modules", "m", "env", "API_TOKEN", "value")) == "***"
    assert show({"user": "a", "password": "b"}) == '{"user": "a", "password": "***"}'
    assert "abcd" not in show("HostName=h;SharedAccessKeyName=n;SharedAccessKey=abcdabcdabcd=")


def test_a_secret_is_masked_before_the_value_is_cut():
    secret = "HostName=h;SharedAccessKeyName=n;SharedAccessKey=abcdabcdabcd="
    assert "abcd" not in show("x" * 10 + ";" + secret, limit=60)


def test_paths_have_dots_and_quote_what_would_mislead():
    assert show_path(("$edgeAgent", "modules", "model_loader")) == "$edgeAgent.modules.model_loader"
    assert show_path(("desired", "a.b", "c d")) == 'desired."a.b"."c d"'
